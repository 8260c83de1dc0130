const ACTIVE_MS = 120_000
const KEPT_MS = 3_600_000
const ASKED = 20

// OpenCode 2's sessions in this process. A session's running cost holds its titles, compactions and undone calls too,
// and is true as soon as a step has ended. `base` is what that cost holds and the ledger's calls of the session do not,
// permanently (such as calls before an import): the smallest difference seen. What exceeds it is not in the ledger
// yet. Costs are nano-dollars.
class Sessions {
  constructor() {
    this.known = new Map()
    this.parents = new Map()
    this.background = new Set()
    this.differences = new Map()
    this.steps = new Map()
    this.compactions = new Map()
    this.reads = 0
  }

  // A new day has begun: spend that is not in the ledger yet belongs to the day before.
  begin(day) {
    if (day[0] === this.dayMs) return
    this.dayMs = day[0]
    this.forget()
    for (const [id, call] of this.differences) if (call.created < day[0]) this.differences.delete(id)
  }

  // The ledger was replaced.
  forget() {
    for (const session of this.known.values()) session.base = session.held = session.first = undefined
  }

  called(id, agent, places, get, now, provider = "") {
    const session = this.known.get(id) ?? { id, cost: 0, agent: "", provider: "" }
    const told = { agent: agent || session.agent, provider: provider || session.provider, places, get, activeMs: now }
    this.known.set(id, Object.assign(session, told))
  }

  // OpenCode says whose subagent a session is; null for a session of its own.
  born(id, parent) {
    if (this.parents.size > 5000) this.parents.delete(this.parents.keys().next().value)
    if (id) this.parents.set(id, parent ?? null)
  }

  isBelow(id, tops) {
    for (let at = id, steps = 0; at && steps < 20; at = this.parents.get(at), steps++) if (tops.has(at)) return true
    return false
  }

  ids() {
    return [...this.known.keys()]
  }

  // Sessions that the ledger has not been asked about.
  unread() {
    return this.ids().filter((id) => this.known.get(id).held === undefined)
  }

  // Takes the ledger's sum of each session. Idle sessions are forgotten.
  hold(sums) {
    this.reads += 1
    for (const session of this.known.values()) session.held = 0
    for (const { id, nano } of sums) this.known.get(id).held = nano
    for (const [id, session] of this.known) {
      if (Date.now() - session.activeMs > KEPT_MS && restOf(session) === 0) this.known.delete(id)
    }
  }

  // Asks OpenCode for the costs of this session and of those that may be running beside it. The ledger must have been
  // read before: only then can the difference not be too small.
  async ask(id, now) {
    const running = [...this.known.values()].filter((session) => session.get && now - session.activeMs < ACTIVE_MS)
    running.sort((one, other) => other.activeMs - one.activeMs)
    const wanted = new Set([this.known.get(id), ...running.slice(0, ASKED)])
    const reads = this.reads
    const take = async (session) => this.take(session, await soon(session.get()), reads)
    const [own] = await Promise.allSettled([...wanted].map(take))
    if (own.status === "rejected") throw new Error(`OpenCode does not say what the session costs (${own.reason?.message})`)
  }

  take(session, answer, reads) {
    if (answer) this.born(session.id, answer.parentID)
    if (!Number.isFinite(answer?.cost)) throw new Error("it has no cost")
    session.cost = Math.max(session.cost, Math.round(answer.cost * NANO))
    session.first ??= session.cost
    if (session.held === undefined || reads !== this.reads) return
    const rest = session.cost - session.held
    session.base = session.base === undefined ? rest : Math.min(session.base, rest)
  }

  // Takes the cost of a session from an event: OpenCode may not answer for this session any more.
  saw(id, cost) {
    const session = this.known.get(id)
    if (!session || !Number.isFinite(cost)) return
    session.heard = Math.round(cost * NANO)
    session.cost = Math.max(session.cost, session.heard)
  }

  // A step has begun.
  began(id, step) {
    this.steps.set(id, step)
    if (this.steps.size > 1000) this.steps.delete(this.steps.keys().next().value)
  }

  // A step or a compaction has ended: what it costs more or less than OpenCode says, where own prices count. They are
  // those of when it began, which is heard of some milliseconds later: only there can its price be another one's.
  ended({ sessionID, assistantMessageID, model, cost, tokens }, prices, now) {
    const compaction = this.compactions.get(sessionID)
    const id = assistantMessageID ?? compaction?.id
    const began = assistantMessageID ? now : (compaction?.at ?? now)
    const step = this.steps.get(id) ?? { model, agent: this.known.get(sessionID)?.agent, at: began }
    this.steps.delete(id)
    if (!id || !step.model || !Number.isFinite(cost)) return
    const recorded = Math.round(cost * NANO)
    const directory = this.known.get(sessionID)?.places[0] ?? ""
    const what = { provider: step.model.providerID, model: step.model.id, directory, at: step.at }
    const nano = amountOf(prices, what, tokensOf(tokens), recorded) - recorded
    if (nano) this.differences.set(id, { session: sessionID, agent: step.agent, created: now, nano })
  }

  // What is not in the ledger yet, as rows of it.
  pending() {
    const rows = []
    for (const known of this.known.values()) {
      const { id, agent, provider, places, activeMs } = known
      const about = { session: id, agent, provider, place: places[1] ?? places[0], directory: places[0] }
      rows.push({ ...about, at: activeMs, nano: restOf(known) })
    }
    for (const { session, agent, nano, held, created } of this.differences.values()) {
      const { places = [], provider = "" } = this.known.get(session) ?? {}
      const about = { session, agent, provider, place: places[1] ?? places[0], directory: places[0] }
      rows.push({ ...about, at: created, nano: nano - (held ?? 0) })
    }
    return rows
  }
}

// The promise's value; fails after a timeout: a session without an answer must not delay another's call.
function soon(promise) {
  let timer
  const late = new Promise((_, fail) => (timer = setTimeout(() => fail(new Error("no answer")), ANSWERS_WITHIN_MS)))
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

function restOf({ cost, held, base, first }) {
  if (base === undefined) return first === undefined ? 0 : cost - first
  return Math.max(0, cost - held - base)
}
