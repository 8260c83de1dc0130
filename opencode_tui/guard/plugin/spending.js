// total() and not sum(): that fails where a few absurd amounts pass 64 bits, and then nothing would be held.
const IN_DAY = "FROM call WHERE created_ms >= ?1 AND created_ms < ?2"
const SPENT = `SELECT '' AS agent, '' AS place, '' AS directory, total(cost_nano) AS nano ${IN_DAY}`
const PLACE = "coalesce((SELECT nullif(project, '') FROM session WHERE session.id = session_id), directory) AS place"
const SPENT_BY = `
  SELECT agent, provider, session_id AS session, ${PLACE}, directory, nano FROM (
    SELECT agent, provider, session_id, directory, total(cost_nano) AS nano ${IN_DAY}
    GROUP BY agent, provider, session_id, directory)`
const RECENT = `
  SELECT agent, provider, session_id AS session, ${PLACE}, directory, created_ms AS at, cost_nano AS nano
  FROM call WHERE created_ms >= ?1 AND copied = 0`
// A session with those below it; the first row is its own.
const TREE = `
  WITH RECURSIVE below(id) AS (
    SELECT ?1 UNION SELECT s.id FROM below JOIN session s ON s.parent_id = below.id)
  SELECT below.id, s.parent_id AS parent, s.unattended,
    (SELECT total(cost_nano) FROM call WHERE session_id = below.id) AS nano
  FROM below LEFT JOIN session s ON s.id = below.id`
const HELD = `
  SELECT id, completed_ms IS NOT NULL AS ended, cost_nano AS nano, cost_nano - recorded_nano AS more FROM call
  WHERE id IN (SELECT value FROM json_each(?1))`
const HELD_OF = `
  SELECT session_id AS id, total(recorded_nano) AS nano FROM call
  WHERE copied = 0 AND session_id IN (SELECT value FROM json_each(?1)) GROUP BY session_id`

// The day's spend: the ledger's sums, plus what this process has spent that the ledger does not have yet: single calls
// that OpenCode 1 reports, and the increase of the running costs of OpenCode 2's sessions.
class Spending {
  constructor(Database, version) {
    this.Database = Database
    this.version = version
    this.running = new Set()
    this.pending = new Map()
    this.sessions = new Sessions()
    this.rows = []
    this.recent = []
    this.trees = new Map()
    this.older = new Older()
  }

  // A call counts if it was seen to run: OpenCode also reports the copies in a fork, which are complete at once.
  saw(message, prices) {
    const { id, sessionID: session, agent, mode, path: { cwd, root } = {}, time } = message
    const ended = time.completed || message.error
    if (!ended) this.running.add(id)
    const tokens = tokensOf(message.tokens, this.version)
    const used = message.cost || tokens.input || tokens.output
    if (!this.running.has(id) || !(ended || used)) return false
    if (ended) this.running.delete(id)
    const place = root && root !== "/" ? root : (cwd ?? "")
    const recorded = Math.round((message.cost || 0) * NANO)
    const what = { provider: message.providerID ?? "", model: message.modelID ?? "", directory: cwd ?? "" }
    what.at = time.created
    const nano = prices ? amountOf(prices, what, tokens, recorded) : recorded
    const { held } = this.pending.get(id) ?? {}
    const { provider } = what
    const about = { session, provider, agent: agent ?? mode, place, directory: cwd ?? place }
    this.pending.set(id, { created: time.created, at: time.created, ...about, nano, held })
    return true
  }

  // Reads the ledger, and of a session what it and those below it have cost. Throws on an error; `sums` then keeps its
  // previous values.
  refresh(state, day, tree = "") {
    const { rates, budgets } = state.held
    const grouped = Object.keys(state.projects).length + Object.keys(state.agents).length + budgets.length > 0
    const kind = `${state.ledger} ${day[0]} ${grouped} ${rates.length > 0}`
    if (kind !== this.kind) {
      this.rows = this.recent = []
      this.trees.clear()
    }
    this.kind = kind
    for (const [id, call] of this.pending) if (call.created < day[0]) this.pending.delete(id)
    this.sessions.begin(day)
    try {
      const db = this.open(state.ledger)
      const version = db.query("PRAGMA data_version").get().data_version
      const key = `${kind} ${version}`
      const isKnown = key === this.key && this.isAsked() && (!tree || this.trees.has(tree))
      if (isKnown && !this.older.isDue(state, day, this.place)) return
      if (key !== this.key) this.trees.clear()
      this.key = undefined
      db.run("BEGIN")
      try {
        const held = db.query(HELD).all(JSON.stringify([...this.pending.keys(), ...this.sessions.differences.keys()]))
        const rows = db.query(grouped ? SPENT_BY : SPENT).all(day[0], day[1])
        const ids = this.sessions.ids()
        const sums = ids.length ? db.query(HELD_OF).all(JSON.stringify(ids)) : []
        const recent = rates.length ? db.query(RECENT).all(Date.now() - HOUR_MS) : []
        if (tree) this.trees.set(tree, db.query(TREE).all(tree))
        this.older.read(db, state, day, this.place)
        this.rows = rows
        this.recent = recent
        this.sessions.hold(sums)
        this.hold(held)
      } finally {
        db.run("COMMIT")
      }
      this.key = key
    } catch (error) {
      this.close()
      throw new Error(`the ledger ${state.ledger} cannot be read (${error.code ?? error.message})`)
    }
  }

  // The ledger has been asked about all that this process has spent.
  isAsked() {
    const calls = [...this.pending.values(), ...this.sessions.differences.values()]
    return !this.sessions.unread().length && calls.every(({ held }) => held !== undefined)
  }

  // What the ledger holds of the calls. One that it has read a moment before its end is in its sums already.
  hold(held) {
    const { differences } = this.sessions
    for (const call of [...this.pending.values(), ...differences.values()]) call.held = 0
    for (const { id, ended, nano, more } of held) {
      for (const [calls, known] of [[this.pending, nano], [differences, more]]) {
        if (ended) calls.delete(id)
        else if (calls.has(id)) calls.get(id).held = known
      }
    }
  }

  open(file) {
    const stat = fs.statSync(file)
    if (!stat.isFile()) throw new Error("it is no file")
    const place = `${file} ${stat.dev} ${stat.ino}`
    if (place !== this.place) {
      this.close()
      if (this.last !== undefined && this.last !== place) this.sessions.forget()
      this.db = new this.Database(file, { readonly: true })
      this.db.run("PRAGMA busy_timeout = 20")
      this.place = this.last = place
    }
    return this.db
  }

  close() {
    this.db?.close()
    this.db = this.place = this.key = undefined
  }

  // What this process has spent that the ledger does not have yet.
  rest(day) {
    const late = [...this.pending.values()].filter((call) => call.created >= day[0] && call.created < day[1])
    const rest = late.map((call) => ({ ...call, nano: Math.max(0, call.nano - (call.held ?? 0)) }))
    return [...rest, ...this.sessions.pending()]
  }

  // What a session and those below it have cost, over their whole lives; undefined if the ledger does not know it.
  treeSpent(id, day) {
    const rows = this.trees.get(id)
    if (!rows) return undefined
    const ids = new Set(rows.map((row) => row.id))
    const own = this.rest(day).filter(({ session }) => ids.has(session) || this.sessions.isBelow(session, ids))
    return [...rows, ...own].reduce((sum, { nano }) => sum + nano, 0)
  }

  sums(day) {
    const calls = [...this.rows, ...this.rest(day)]
    const sum = (mine) => calls.reduce((total, call) => (mine(call) ? total + call.nano : total), 0)
    return {
      calls,
      all: sum(() => true),
      agent: (name) => sum((call) => call.agent === name),
      // A cap can be on a folder inside a project as well: a call belongs to where it was made, too.
      project: (parent) => sum((call) => isInProject(call.place, parent) || isInProject(call.directory, parent)),
    }
  }
}
