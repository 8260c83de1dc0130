// A note of ours; nothing where it is none. Whatever stands there must not keep a call waiting, nor let it pass.
function readJson(file) {
  try {
    const stat = fs.statSync(file)
    const note = stat.isFile() && stat.size <= LARGEST_STATE ? JSON.parse(fs.readFileSync(file, "utf8")) : null
    return note && typeof note === "object" ? note : {}
  } catch {
    return {}
  }
}

// A note that cannot be kept or taken away is no reason to stop anybody.
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
    // It stays.
  }
}

// All of one process: OpenCode makes one plugin for each directory that it works in.
class Guard {
  constructor(Database, generation, version) {
    this.file = new StateFile()
    this.spending = new Spending(Database, version)
    this.troubles = { state: "", ledger: "", cost: "", exposed: "", sync: "" }
    this.syncs = new Syncs((trouble) => this.note("sync", trouble))
    this.toasts = []
    this.showsToasts = generation === 1
    this.events = new Set()
    this.works = []
    const note = { at_ms: Date.now(), version, build: BUILD, pid: process.pid }
    writeJson(path.join(NOTES, `guard-seen-${generation}.json`), note)
    process.on("exit", () => this.syncs.end())
  }

  // Reads all that the first check will need, so that no call has to wait for it. What goes wrong is told then; a
  // ledger that is gone is made anew before the first call costs anything.
  begin() {
    try {
      const state = this.file.read()
      this.sync(state)
      this.spending.refresh(state, dayBounds(Date.now(), state.days))
    } catch {
      this.file.key = undefined
    }
  }

  sync(state) {
    const exposed = this.file.exposed
    this.note("exposed", exposed && `others can write ${STATE_FILE}, so the program in it that keeps the ledger is not started`)
    if (!exposed) this.syncs.ask(state)
  }

  // What there is to show since it was last asked for: there is no screen yet while OpenCode loads its plugins.
  newToasts() {
    return this.toasts.splice(0)
  }

  // The state and the day, after what can be read has been read.
  look(now) {
    const state = this.file.read()
    this.note("state", "")
    const day = dayBounds(now, state.days)
    let trouble = ""
    try {
      this.spending.refresh(state, day)
    } catch (error) {
      trouble = error.message
    }
    this.note("ledger", trouble && `${trouble}; calls are held only to what this OpenCode itself has seen`)
    return { state, day }
  }

  // What went wrong in a look at the state: it is told, and nothing is held.
  failed(error) {
    // `guard remove` has taken the state and this file: it is what was wanted.
    if (fs.existsSync(fileURLToPath(import.meta.url))) this.note("state", `${error.message}; calls are not held`)
    return null
  }

  // OpenCode 1: what is over for a call that an agent is about to make, or null.
  over(agent, places) {
    try {
      const now = Date.now()
      const { state, day } = this.look(now)
      const spent = this.spending.sums(day)
      this.warn(state, day, spent.all, now)
      if (!this.heard) this.sync(state)
      return whatIsOver(state, spent, agent, places, now)
    } catch (error) {
      return this.failed(error)
    }
  }

  // OpenCode 1, for a call that ran no hook: whose it is cannot be known, only what the process works on.
  overAnywhere() {
    try {
      const now = Date.now()
      const { state, day } = this.look(now)
      const places = this.works.length === 1 ? this.works[0] : []
      return whatIsOver(state, this.spending.sums(day), "", places, now)
    } catch (error) {
      return this.failed(error)
    }
  }

  worksIn(places) {
    if (!this.works.some((known) => known.join("\0") === places.join("\0"))) this.works.push(places)
  }

  // OpenCode 2: the same for a call of a session, whose cost `get` asks OpenCode for.
  async overIn({ id, agent, kind, places, get }) {
    try {
      const now = Date.now()
      const { sessions } = this.spending
      // A title is made beside the first answer: what the session costs is its own agent's.
      if (id) sessions.called(id, kind === "title" ? "" : agent, places, get, now)
      const before = this.look(now)
      let trouble = ""
      try {
        if (id) await sessions.ask(id, now)
        if (id && hasOwnPrices(before.state.prices)) await this.heardOf(id)
      } catch (error) {
        trouble = error.message
      }
      this.note("cost", trouble && `${trouble}; calls are held to what the ledger has`)
      // What came in meanwhile may be in the ledger already, and must not count twice.
      const { state, day } = this.look(now)
      this.sync(state)
      return whatIsOver(state, this.spending.sums(day), agent, places, now)
    } catch (error) {
      return this.failed(error)
    }
  }

  // Events come a moment after the cost that they tell: where own prices count, what they cost is waited for.
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

  // OpenCode 1.14 tells a plugin nothing of its calls: the ledger alone does, and knows of one a moment later.
  stepped() {
    if (this.heard) return
    try {
      this.sync(this.file.read())
    } catch (error) {
      this.failed(error)
    }
  }

  // An event of OpenCode 2, which the plugin of each directory hears. One that is not as we know it says nothing.
  heardEvent(event) {
    try {
      this.heardNew(event)
    } catch {
      // What a session costs is asked for at each call as well.
    }
  }

  heardNew({ id, type, data }) {
    if (this.events.has(id)) return
    this.events.add(id)
    if (this.events.size > 2000) this.events.delete(this.events.values().next().value)
    const { sessions } = this.spending
    if (type === "session.step.started") {
      sessions.began(data.assistantMessageID, { session: data.sessionID, agent: data.agent, model: data.model })
    } else if (type === "session.compaction.started") {
      sessions.compactions.set(data.sessionID, data.inputID)
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

  // Keeps what is wrong where `guard status` finds it, and says it once. Empty is all well again. What was noted
  // already, by another process or before a restart, keeps its time.
  note(where, trouble) {
    const before = this.troubles[where]
    this.troubles[where] = trouble || ""
    if (trouble && trouble !== before && this.showsToasts) this.toasts.push(["error", `opencode-tui guard: ${trouble}.`])
    const causes = Object.keys(this.troubles).filter((cause) => this.troubles[cause])
    const told = causes.map((cause) => this.troubles[cause]).join("; ")
    if (told && (told !== this.told || !fs.existsSync(TROUBLE_FILE))) {
      const last = [].concat(readJson(TROUBLE_FILE).troubles ?? [])
      const troubles = causes.map((cause) => {
        const reason = this.troubles[cause]
        const before = last.find((one) => one?.cause === cause && one.reason === reason && Number.isInteger(one.at_ms))
        return { cause, reason, held: cause !== "state" && cause !== "ledger", at_ms: before?.at_ms ?? Date.now() }
      })
      writeJson(TROUBLE_FILE, { troubles })
    } else if (!told && this.told !== "") {
      remove(TROUBLE_FILE)
    }
    this.told = told
  }
}
