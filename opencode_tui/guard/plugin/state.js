// Reads guard.json again when it has changed. Throws an error that says what is wrong with it.
class StateFile {
  read() {
    try {
      const stat = fs.statSync(STATE_FILE)
      if (!stat.isFile() || stat.size > LARGEST_STATE) throw new Error("it is no file of opencode-tui's")
      this.exposed = isExposed(stat)
      const key = `${stat.dev} ${stat.ino} ${stat.ctimeMs} ${stat.size}`
      if (key !== this.key) {
        this.state = checked(JSON.parse(fs.readFileSync(STATE_FILE, "utf8")))
        this.key = key
      }
    } catch (error) {
      this.key = undefined
      throw new Error(`${STATE_FILE} cannot be read (${error.code ?? error.message})`)
    }
    return this.state
  }
}

// Somebody else can have written it: it names a program, which must then not be started.
function isExposed(stat) {
  const own = process.getuid?.() ?? stat.uid
  return (stat.mode & 0o022) !== 0 || (stat.uid !== own && stat.uid !== 0)
}

function checked(state) {
  const amounts = [state.warning_nano, state.cutoff_nano, state.lifted_until_ms]
  amounts.push(...Object.values(state.projects), ...Object.values(state.agents))
  if (state.raised) amounts.push(state.raised.cutoff_nano, state.raised.until_ms)
  if (state.version !== 1) throw new Error("another version wrote it")
  if (!amounts.every((amount) => Number.isFinite(amount) && amount >= 0)) throw new Error("it has no limits")
  if (!Array.isArray(state.sync) || typeof state.ledger !== "string") throw new Error("it names no ledger")
  const days = state.days
  if (!Array.isArray(days) || days.length < 2) throw new Error("it has no days")
  const ascend = days.every((start, i) => Number.isFinite(start) && (i === 0 || start > days[i - 1]))
  if (!ascend) throw new Error("its days are broken")
  if (!state.prices || typeof state.prices.custom !== "object") throw new Error("it has no prices")
  state.lifts ??= {}
  state.held = checkedHeld({ ...NOTHING_HELD, ...state.held })
  return state
}

const NOTHING_HELD = { rates: [], identical_calls: 0, subagent_nano: 0, budgets: [], tags: {}, weeks: [], months: [] }

function checkedHeld(held) {
  const lists = [held.rates, held.budgets, held.weeks, held.months]
  if (!lists.every(Array.isArray)) throw new Error("its limits are broken")
  const isAmount = (nano) => nano === null || nano === undefined || (Number.isFinite(nano) && nano >= 0)
  const amounts = [held.identical_calls, held.subagent_nano]
  for (const limit of [...held.rates, ...held.budgets]) {
    if (typeof limit?.scope !== "string" || typeof limit.only !== "string") throw new Error("its limits are broken")
    amounts.push(limit.calls_a_minute, limit.hour_nano, limit.cutoff_nano)
    amounts.push(limit.ci_nano, limit.automation_nano, limit.background_nano)
  }
  if (!amounts.every(isAmount)) throw new Error("its limits are broken")
  return held
}
