// What is known of a call that is about to be made.
function callOf({ session = "", agent = "", provider = "", places = [], isTitle = false }) {
  const [directory = "", project = directory] = places
  return { session, agent, provider, places, place: project, directory, isTitle, isCI: isCI(), isAutomation: IS_RUN }
}

// The limits beside the day's cutoff: rates, loops, subagents' caps, budgets. What is not known is not held.
class Limits {
  constructor(spending) {
    this.spending = spending
    this.scopes = new Scopes()
    this.rates = new Rates()
    this.loops = new Loops()
    this.known = new Map()
  }

  begin() {
    this.scopes.environments.read()
  }

  // The session whose tree has to be read for a call: one that is, or may be, a subagent where those have a cap.
  treeOf({ held }, { session }) {
    const asks = held.subagent_nano || held.budgets.some((budget) => budget.automation_nano)
    if (!session || !asks) return ""
    const parent = this.spending.sessions.parents.get(session)
    return parent || !this.known.has(session) ? session : ""
  }

  // The limit that the call would exceed, or null.
  over(state, day, call, spent, now) {
    if (isAhead(state.lifted_until_ms, now, 7)) return null
    const { held } = state
    this.learn(call)
    if (asksEnvironment(held)) this.scopes.environments.read()
    if (asksEnvironment(held)) this.scopes.environments.note(call.session, environmentHere(held))
    const unlessLifted = (kind, look) => (isLifted(state, kind, now) ? null : look())
    return (
      unlessLifted("loop", () => this.overLoop(held, call)) ??
      unlessLifted("subagent", () => this.overSubagent(held, call, day)) ??
      this.overBudget(state, call, spent, now) ??
      unlessLifted("rate", () => this.rates.over(held, call, this.spending.recent, this.spending.rest(day), this.scopes, now))
    )
  }

  passed(state, call, now) {
    if (state.held.rates.length) this.rates.passed(call, now)
  }

  // What the ledger knows of a session, where OpenCode has not said it.
  learn(call) {
    const { sessions, trees } = this.spending
    const row = trees.get(call.session)?.[0]
    if (row && row.parent !== null && !sessions.parents.get(call.session)) sessions.born(call.session, row.parent)
    if (row && row.unattended !== null) this.known.set(call.session, row.unattended === 1)
    call.isAutomation ||= this.known.get(call.session) === true
    call.isBackground = sessions.background.has(call.session)
  }

  overLoop({ identical_calls: most }, { session }) {
    const times = most ? this.loops.most(session) : 0
    return most && times >= most ? { kind: "loop", times } : null
  }

  overSubagent({ subagent_nano: cap }, { session }, day) {
    if (!cap || !this.spending.sessions.parents.get(session)) return null
    const spent = this.spending.treeSpent(session, day)
    return spent !== undefined && spent >= cap ? { kind: "subagent", spent, cap } : null
  }

  overBudget(state, call, { calls }, now) {
    if (isAhead(state.lifted_until_ms, now, 7)) return null
    const { held } = state
    const spentOf = (budget) => {
      const mine = (one) => this.scopes.isMember(budget.scope, budget.only, one, held)
      const before = this.spending.older.spent(budget, mine)
      return before === undefined ? undefined : calls.reduce((sum, one) => (mine(one) ? sum + one.nano : sum), before)
    }
    return budgetOver(state, call, spentOf, this.scopes, now)
  }

  // A tool is about to run.
  used({ held }, session, tool, input) {
    if (held.identical_calls) this.loops.used(session, tool, input)
  }
}

// Notes a refusal for the alerts: one a session and limit in an hour, with how often.
function noteRefusal(over, call, now) {
  const about = { kind: over.kind, session: call.session, budget: over.budget?.name ?? "" }
  const isSame = (one) => Object.keys(about).every((key) => one?.[key] === about[key]) && now - one.at_ms < HOUR_MS
  const known = [].concat(readJson(REFUSED_FILE).refused ?? [])
  const same = known.find(isSame)
  if (same) same.times += 1
  else known.push({ ...about, at_ms: now, times: 1, sentence: saidOf(over) })
  writeJson(REFUSED_FILE, { refused: known.slice(-20) })
}

function asksEnvironment({ rates, budgets }) {
  return [...rates, ...budgets].some(({ scope }) => scope === "environment")
}

// As config/team_budgets.py: what changes with a file; empty if there is none.
function versionOfFile(file) {
  try {
    const { mtimeNs, size } = fs.statSync(file, { bigint: true })
    return `${mtimeNs} ${size}`
  } catch {
    return ""
  }
}
