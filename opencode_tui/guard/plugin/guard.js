// Reads a note that this plugin wrote; empty if it is not one. Its contents must neither delay a call nor let it pass.
function readJson(file) {
  try {
    const stat = fs.statSync(file)
    const note = stat.isFile() && stat.size <= LARGEST_STATE ? JSON.parse(fs.readFileSync(file, "utf8")) : null
    return note && typeof note === "object" ? note : {}
  } catch {
    return {}
  }
}

// A note that cannot be written or removed is no reason to refuse a call.
function writeJson(file, value) {
  const fresh = `${file}.${process.pid}-${Math.random().toString(36).slice(2)}`
  try {
    fs.writeFileSync(fresh, JSON.stringify(value), { mode: 0o600, flag: "wx" })
    fs.renameSync(fresh, file)
  } catch {
    remove(fresh)
  }
}

function remove(file) {
  try {
    fs.rmSync(file, { force: true })
  } catch {
    // The note is left where it is.
  }
}

// The guard of one process: OpenCode creates a plugin for each directory that it works in.
class Guard {
  constructor(Database, generation, version) {
    this.file = new StateFile()
    this.spending = new Spending(Database, version)
    this.troubles = { state: "", ledger: "", cost: "", exposed: "", sync: "", team: "" }
    this.limits = new Limits(this.spending)
    this.syncs = new Syncs((trouble) => this.note("sync", trouble))
    this.toasts = []
    this.showsToasts = generation === 1
    this.events = new Set()
    this.works = []
    const note = { at_ms: Date.now(), version, build: BUILD, pid: process.pid }
    writeJson(path.join(NOTES, `guard-seen-${generation}.json`), note)
    process.on("exit", () => this.syncs.end())
  }

  // Reads everything that the first check needs, so that no call has to wait for it. Errors are reported at that check;
  // a ledger that is gone is created again before the first call costs anything.
  begin() {
    try {
      const state = this.file.read()
      this.sync(state)
      this.spending.refresh(state, dayBounds(Date.now(), state.days))
      this.limits.begin()
    } catch {
      this.file.key = undefined
    }
  }

  sync(state) {
    const exposed = this.file.exposed
    this.note("exposed", exposed && `others can write ${STATE_FILE}, so the program in it that keeps the ledger is not started`)
    if (!exposed) this.syncs.ask(state)
  }

  // The messages to show since the last request: there is no screen yet while OpenCode loads its plugins.
  newToasts() {
    return this.toasts.splice(0)
  }

  // The state and the day, read as far as they can be.
  look(now, call) {
    const state = this.file.read()
    this.note("state", "")
    const day = dayBounds(now, state.days)
    let trouble = ""
    try {
      this.spending.refresh(state, day, call ? this.limits.treeOf(state, call) : "")
    } catch (error) {
      trouble = error.message
    }
    this.note("ledger", trouble && `${trouble}; calls are held only to what this OpenCode itself has seen`)
    return { state, day }
  }

  // Handles an error in reading the state: it is reported, and no call is refused.
  failed(error) {
    // `guard remove` has deleted the state and this file, so that there is nothing to report.
    if (fs.existsSync(fileURLToPath(import.meta.url))) this.note("state", `${error.message}; calls are not held`)
    return null
  }

  // OpenCode 1: the limit that the call would exceed, or null.
  over(call) {
    try {
      const now = Date.now()
      const { state, day } = this.look(now, call)
      this.warn(state, day, this.spending.sums(day).all, now)
      if (!this.heard) this.sync(state)
      return this.decide(state, day, call, now)
    } catch (error) {
      return this.failed(error)
    }
  }

  // The limit that the call would exceed, or null: it is then made, and counted.
  decide(state, day, call, now) {
    const spent = this.spending.sums(day)
    const over = whatIsOver(state, spent, call.agent, call.places, now) ?? this.limits.over(state, day, call, spent, now)
    if (!over) this.limits.passed(state, call, now)
    else if (over.kind) noteRefusal(over, call, now)
    return over
  }

  // OpenCode 1, for a call without a hook: its agent is unknown, and only the process's project is known. A call with a
  // hook comes by here, too, after it was counted, so that no rate is asked.
  overAnywhere() {
    try {
      const now = Date.now()
      const { state, day } = this.look(now)
      const spent = this.spending.sums(day)
      const call = callOf({ places: this.works.length === 1 ? this.works[0] : [] })
      return whatIsOver(state, spent, "", call.places, now) ?? this.limits.overBudget(state, call, spent, now)
    } catch (error) {
      return this.failed(error)
    }
  }

  // The team's budgets are in force from the next call on: where their file has changed, the call waits until our `sync`
  // has read it.
  async followTeam() {
    try {
      const { held } = this.file.read()
      if (!held.team_file || versionOfFile(held.team_file) === held.team_version) return this.note("team", "")
      const version = versionOfFile(held.team_file)
      if (this.teamVersion !== version) this.teamRead = this.readTeam(version)
      this.teamVersion = version
      await this.teamRead
    } catch {
      // What the state has is held; if it cannot be read, that is reported with the call.
    }
  }

  async readTeam(version) {
    const end = Date.now() + ANSWERS_WITHIN_MS
    while (Date.now() < end) {
      const state = this.file.read()
      if (state.held.team_version === version) return this.note("team", "")
      this.sync(state)
      if (this.file.exposed) break
      await new Promise((done) => setTimeout(done, 50))
    }
    this.note("team", "the team's budgets have changed and were not read in time; those known before are held")
  }

  // A tool is about to run. Whatever goes wrong here must not keep it from that.
  usesTool(session, tool, input) {
    try {
      this.limits.used(this.file.read(), session, tool, input)
    } catch {
      // The state's trouble is reported with the next call.
    }
  }

  // OpenCode 2: a subagent that was started in the background is named in what the tool answers at once.
  usedTool(tool, input, result) {
    if (tool !== "subagent" || input?.background !== true) return
    const [id] = JSON.stringify(result ?? "").match(/ses_\w+/) ?? []
    if (id) this.spending.sessions.background.add(id)
  }

  worksIn(places) {
    if (!this.works.some((known) => known.join("\0") === places.join("\0"))) this.works.push(places)
  }

  // OpenCode 2: the same for a call of a session; `get` asks OpenCode for the session's cost.
  async overIn(call, get) {
    try {
      const now = Date.now()
      const { session: id } = call
      const { sessions } = this.spending
      // A title is generated beside the first answer; its cost counts for the session's own agent.
      if (id) sessions.called(id, call.isTitle ? "" : call.agent, call.places, get, now, call.provider)
      const before = this.look(now)
      let trouble = ""
      try {
        if (id) await sessions.ask(id, now)
        if (id && hasOwnPrices(before.state.prices)) await this.heardOf(id)
      } catch (error) {
        trouble = error.message
      }
      this.note("cost", trouble && `${trouble}; calls are held to what the ledger has`)
      // Calls that completed meanwhile may be in the ledger already, and must not count twice.
      const { state, day } = this.look(now, call)
      this.sync(state)
      return this.decide(state, day, call, now)
    } catch (error) {
      return this.failed(error)
    }
  }

  // Events arrive a moment after the cost that they report: where the user's own prices count, that event is awaited.
  async heardOf(id) {
    const session = this.spending.sessions.known.get(id)
    for (let tries = 0; tries < 20 && (session.heard ?? session.first) < session.cost; tries++) {
      await new Promise((done) => setTimeout(done, 10))
    }
  }

  saw(message) {
    this.heard = true
    try {
      const now = Date.now()
      const state = this.file.read()
      if (!this.spending.saw(message, state.prices)) return
      const { day } = this.look(now)
      this.warn(state, day, this.spending.sums(day).all, now)
      if (message.time.completed || message.error) this.sync(state)
    } catch (error) {
      this.spending.saw(message)
      this.failed(error)
    }
  }

  // OpenCode 1.14 reports no calls to plugins: only the ledger has them, a moment later.
  stepped() {
    if (this.heard) return
    try {
      this.sync(this.file.read())
    } catch (error) {
      this.failed(error)
    }
  }

  // Handles an event of OpenCode 2, which the plugin of each directory receives. Events of an unknown form are ignored.
  heardEvent(event) {
    try {
      this.heardNew(event)
    } catch {
      // The session's cost is requested at each call as well.
    }
  }

  heardNew({ id, type, data }) {
    if (this.events.has(id)) return
    this.events.add(id)
    if (this.events.size > 2000) this.events.delete(this.events.values().next().value)
    const { sessions } = this.spending
    if (type === "session.step.started") {
      const { sessionID: session, agent, model } = data
      sessions.began(data.assistantMessageID, { session, agent, model, at: Date.now() })
    } else if (type === "session.created") {
      sessions.born(data.sessionID ?? data.info?.id, data.parentID ?? data.info?.parentID)
    } else if (type === "session.compaction.started") {
      sessions.compactions.set(data.sessionID, { id: data.inputID, at: Date.now() })
    } else if (type === "session.step.ended" || type === "session.compaction.ended" || type === "session.usage.updated") {
      try {
        const state = this.file.read()
        if (type === "session.usage.updated") {
          sessions.saw(data.sessionID, data.cost)
          this.sync(state)
        } else sessions.ended(data, state.prices, Date.now())
      } catch (error) {
        this.failed(error)
      }
    }
  }

  // The toast at the warning: once a day for all processes, and again where the warning was set higher.
  warn(state, day, spent, now) {
    const mark = `${day[0]} ${state.warning_nano}`
    if (spent < state.warning_nano || spent >= cutoffOf(state, now) || this.warned === mark) return
    this.warned = mark
    const last = readJson(WARNED_FILE)
    if (last.day_ms === day[0] && last.warning_nano >= state.warning_nano) return
    writeJson(WARNED_FILE, { day_ms: day[0], warning_nano: state.warning_nano })
    const lines = `past the warning ${formatUsd(state.warning_nano)}; the cutoff is ${formatUsd(cutoffOf(state, now))}`
    this.toasts.push(["warning", `${formatUsd(spent)} is spent today, ${lines}.`])
  }

  // Writes the troubles to the file that `guard status` reads, and shows them once. An empty cause ends a trouble. A
  // trouble that was noted before, by another process or before a restart, keeps its time.
  note(where, trouble) {
    const before = this.troubles[where]
    this.troubles[where] = trouble || ""
    if (trouble && trouble !== before && this.showsToasts) this.toasts.push(["error", `opencode-tui guard: ${trouble}.`])
    const causes = Object.keys(this.troubles).filter((cause) => this.troubles[cause])
    const summary = causes.map((cause) => this.troubles[cause]).join("; ")
    if (summary && (summary !== this.reported || !fs.existsSync(TROUBLE_FILE))) {
      const last = [].concat(readJson(TROUBLE_FILE).troubles ?? [])
      const troubles = causes.map((cause) => {
        const reason = this.troubles[cause]
        const before = last.find((one) => one?.cause === cause && one.reason === reason && Number.isInteger(one.at_ms))
        return { cause, reason, held: cause !== "state" && cause !== "ledger", at_ms: before?.at_ms ?? Date.now() }
      })
      writeJson(TROUBLE_FILE, { troubles })
    } else if (!summary && this.reported !== "") {
      remove(TROUBLE_FILE)
    }
    this.reported = summary
  }
}
