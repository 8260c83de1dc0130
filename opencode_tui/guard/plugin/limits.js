const REAL_FOR_MS = 10_000
const realPaths = new Map()
let realSinceMs = 0

// A path without links; of one that is gone, what is left of it.
function realPath(place) {
  if (Math.abs(Date.now() - realSinceMs) > REAL_FOR_MS) {
    realPaths.clear()
    realSinceMs = Date.now()
  }
  if (!realPaths.has(place)) {
    let real = place
    try {
      real = fs.realpathSync(place)
    } catch {
      const above = path.dirname(place)
      if (above !== place && path.isAbsolute(place)) real = path.join(realPath(above), path.basename(place))
    }
    realPaths.set(place, real)
  }
  return realPaths.get(place)
}

function isUnder(place, parent) {
  const stem = parent.endsWith("/") ? parent : `${parent}/`
  return place === parent || place.startsWith(stem)
}

// As isUnder, by whatever names the two have: a project can be reached through links, or be one since it was moved.
function isInProject(place, project) {
  if (!place) return false
  return isUnder(place, project) || isUnder(realPath(place), realPath(project))
}

// The limit that is exceeded, or null. `spent` has the day's sums: all, agent, project(path).
function whatIsOver(state, spent, agent, places, now) {
  // A lift that ends later than any lift may was made while the clock was ahead.
  if (isAhead(state.lifted_until_ms, now, 7)) return null
  const cutoff = cutoffOf(state, now)
  if (spent.all >= cutoff) return { spent: spent.all, cap: cutoff, by: "", line: "the cutoff", canRaise: true }
  for (const [project, cap] of Object.entries(state.projects)) {
    if (!places.some((place) => isInProject(place, project))) continue
    const sum = spent.project(project)
    if (sum >= cap) return { spent: sum, cap, by: " in this project", line: "its cap", canRaise: false }
  }
  if (!Object.hasOwn(state.agents, agent)) return null
  const cap = state.agents[agent]
  const sum = spent.agent(agent)
  return sum >= cap ? { spent: sum, cap, by: " by this agent", line: "its cap", canRaise: false } : null
}

function cutoffOf(state, now) {
  const raised = state.raised
  return raised && isAhead(raised.until_ms, now, 2) ? Math.max(raised.cutoff_nano, state.cutoff_nano) : state.cutoff_nano
}

function isAhead(moment, now, days) {
  return now < moment && moment <= now + days * DAY_MS
}
