// The budget that a call would exceed, or null. `spentOf` gives what a budget's period has cost so far, undefined where
// that is not known.
function budgetOver(state, call, spentOf, scopes, now) {
  for (const budget of state.held.budgets) {
    const line = lineOf(budget, call)
    if (line === null || isLifted(state, `budget ${budget.name}`, now)) continue
    if (scopes.memberOf(budget, call, state.held) === undefined) continue
    const spent = spentOf(budget)
    if (spent !== undefined && spent >= line.nano) return { kind: "budget", budget, spent, cap: line.nano, line: line.words }
  }
  return null
}

// The lowest line of a budget that is for such a call, or null.
function lineOf(budget, call) {
  const lines = [
    { nano: budget.cutoff_nano, words: "its cutoff" },
    { nano: call.isCI ? budget.ci_nano : null, words: "its line for CI" },
    { nano: call.isAutomation ? budget.automation_nano : null, words: "its line for automation" },
    { nano: call.isBackground ? budget.background_nano : null, words: "its line for subagents in the background" },
  ]
  const known = lines.filter(({ nano }) => Number.isFinite(nano))
  return known.length ? known.reduce((least, line) => (line.nano < least.nano ? line : least)) : null
}

// The start of the week or month that `now` is in, from guard.json's starts in a row; undefined outside of them.
function periodStart(starts, now) {
  const next = starts.findIndex((start) => start > now)
  return next > 0 ? starts[next - 1] : undefined
}

function isLifted(state, what, now) {
  const [kind] = what.split(" ")
  return [kind, what].some((name) => Object.hasOwn(state.lifts, name) && isAhead(state.lifts[name], now, 7))
}

// Whether this process is `opencode run`, or the server that OpenCode 2's `run --standalone` has started for itself: what
// started it is known on Linux alone. In OpenCode 1 the ledger knows it of a session, too.
const IS_RUN = isRunning(process.argv.slice(2)) || (process.argv.includes("--stdio") && isRunning(parentWords()))

function isRunning(words) {
  return words.find((word) => !word.startsWith("-")) === "run"
}

function parentWords() {
  try {
    return fs.readFileSync(`/proc/${process.ppid}/cmdline`, "utf8").split("\0").slice(1)
  } catch {
    return []
  }
}
