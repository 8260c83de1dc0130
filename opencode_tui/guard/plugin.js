// opencode-tui guard: refuses OpenCode's model calls once the day has cost what it may.
// Written by `opencode-tui guard install`; `opencode-tui guard remove` takes it away again.
//
// OpenCode calls every function that this module exports, so it exports one. Whatever goes wrong lets the call
// pass, with a toast and a note that `opencode-tui guard status` shows.

import { spawn } from "node:child_process"
import fs from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"

const STATE_FILE = "@STATE_FILE@"
const WARNED_FILE = path.join(path.dirname(STATE_FILE), "guard-warned.json")
const TROUBLE_FILE = path.join(path.dirname(STATE_FILE), "guard-trouble.json")

const NANO = 1e9
const SYNC_EVERY_MS = 1000

// Like money.format_usd. The word joiner, which has no width, keeps the text from OpenCode's retry classifier: that
// takes 429, 500 and the like anywhere in a text for an error of the network, and asks again for a minute.
function formatUsd(nano) {
  if (nano > 0 && nano < 1e5) return "<$0.0001"
  const decimals = nano === 0 || nano >= 1e7 ? 2 : 4
  const unit = NANO / 10 ** decimals
  const units = roundHalfEven(nano, unit)
  const whole = Math.floor(units / 10 ** decimals)
  const rest = String(units - whole * 10 ** decimals).padStart(decimals, "0")
  const grouped = String(whole).replace(/\B(?=(\d{3})+$)/g, ",")
  return `$${grouped}.${rest}`.replace(/4(?=29)|5(?=0[0234]|24)/g, "$&\u2060")
}

function roundHalfEven(amount, unit) {
  const whole = Math.floor(amount / unit)
  const rest = amount - whole * unit
  return rest > unit / 2 || (rest === unit / 2 && whole % 2) ? whole + 1 : whole
}

// An amount to raise the cutoff to, for a command line: a round one about a quarter above, which the retry
// classifier does not match as it stands.
function suggestedRaise(nano) {
  const cents = Math.max(1, Math.ceil(nano / 1e7))
  const step = Math.max(5, 10 ** Math.floor(Math.log10(cents)) / 2)
  let raised = Math.ceil((cents * 1.25) / step) * step
  while (/429|50[0234]|524/.test(String(Math.floor(raised / 100)))) raised += step
  return (raised / 100).toFixed(2)
}

// The bounds of the local day in Unix milliseconds, as clock.Calendar has them.
function dayBounds(now, zone) {
  const [year, month, day] = localDate(now, zone)
  return [startOf(year, month, day, zone), startOf(year, month, day + 1, zone)]
}

function localDate(ms, zone) {
  const local = zone ? new Date(ms + offsetOf(ms, zone)) : null
  if (local) return [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()]
  const here = new Date(ms)
  return [here.getFullYear(), here.getMonth(), here.getDate()]
}

function startOf(year, month, day, zone) {
  if (!zone) return new Date(year, month, day).getTime()
  const midnight = Date.UTC(year, month, day)
  // A clock that is put forward at midnight has no midnight: the day starts where the offset before says.
  const before = offsetOf(midnight - 86_400_000, zone)
  const after = offsetOf(midnight + 86_400_000, zone)
  const exact = [before, after].filter((offset) => offsetOf(midnight - offset, zone) === offset)
  return midnight - (exact[0] ?? before)
}

const clocks = new Map()

function offsetOf(ms, zone) {
  if (!clocks.has(zone)) {
    const numbers = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" }
    const options = { ...numbers, second: "2-digit", hourCycle: "h23", timeZone: zone }
    clocks.set(zone, new Intl.DateTimeFormat("en-US", options))
  }
  const parts = {}
  for (const { type, value } of clocks.get(zone).formatToParts(ms)) parts[type] = Number(value)
  const { year, month, day, hour, minute, second } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000
}

function isUnder(place, parent) {
  const stem = parent.endsWith("/") ? parent : `${parent}/`
  return place === parent || place.startsWith(stem)
}

// The sentence of a refusal. It names neither the agent nor the project: a name can match the classifier.
function refusal(over) {
  const said = `opencode-tui guard: ${formatUsd(over.spent)} is spent today${over.by} and ${over.line}`
  const lift = "`opencode-tui guard lift --for 30m`"
  const raise = over.canRaise ? ` or \`opencode-tui guard raise ${suggestedRaise(Math.max(over.spent, over.cap))}\`` : ""
  return `${said} is ${formatUsd(over.cap)}, so this call was not made. Go on with ${lift}${raise}.`
}

// What is over its line, or null. `spent` has the day's sums: all, agent, project(path).
function whatIsOver(state, spent, agent, places, now) {
  if (now < state.lifted_until_ms) return null
  const cutoff = cutoffOf(state, now)
  if (spent.all >= cutoff) return { spent: spent.all, cap: cutoff, by: "", line: "the cutoff", canRaise: true }
  for (const [project, cap] of Object.entries(state.projects)) {
    if (!places.some((place) => isUnder(place, project))) continue
    const sum = spent.project(project)
    if (sum >= cap) return { spent: sum, cap, by: " in this project", line: "its cap", canRaise: false }
  }
  const cap = state.agents[agent]
  if (cap === undefined) return null
  const sum = spent.agent(agent)
  return sum >= cap ? { spent: sum, cap, by: " by this agent", line: "its cap", canRaise: false } : null
}

function cutoffOf(state, now) {
  const raised = state.raised
  return raised && now < raised.until_ms ? Math.max(raised.cutoff_nano, state.cutoff_nano) : state.cutoff_nano
}

// guard.json, read again when it has changed. Throws what went wrong with it.
class StateFile {
  read() {
    let stat
    try {
      stat = fs.statSync(STATE_FILE)
      const key = `${stat.ino} ${stat.mtimeMs} ${stat.size}`
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

function checked(state) {
  const numbers = [state.warning_nano, state.cutoff_nano, state.lifted_until_ms]
  const caps = [...Object.values(state.projects), ...Object.values(state.agents)]
  if (state.raised) numbers.push(state.raised.cutoff_nano, state.raised.until_ms)
  if (state.version !== 1) throw new Error("another version wrote it")
  if (![...numbers, ...caps].every(Number.isFinite)) throw new Error("it has no limits")
  if (!Array.isArray(state.sync) || typeof state.ledger !== "string") throw new Error("it names no ledger")
  if (state.timezone) offsetOf(0, state.timezone)
  return state
}

const IN_DAY = "FROM call WHERE created_ms >= ?1 AND created_ms < ?2"
const SPENT = `SELECT '' AS agent, '' AS place, '' AS directory, coalesce(sum(cost_nano), 0) AS nano ${IN_DAY}`
const SPENT_BY = `
  SELECT agent, coalesce((SELECT nullif(project, '') FROM session WHERE session.id = session_id), directory) AS place,
    directory, nano FROM (
      SELECT agent, session_id, directory, coalesce(sum(cost_nano), 0) AS nano ${IN_DAY}
      GROUP BY agent, session_id, directory)`
const HELD = `
  SELECT id FROM call WHERE completed_ms IS NOT NULL AND id IN (SELECT value FROM json_each(?1))`

// What the day has cost: the ledger's sums, and the calls of this process that the ledger does not hold yet.
class Spending {
  constructor(Database) {
    this.Database = Database
    this.running = new Set()
    this.pending = new Map()
    this.rows = []
  }

  // A call counts if it was seen to run: OpenCode tells of the copies in a fork too, which are complete at once.
  saw(message) {
    const { id, agent, mode, path: { cwd, root } = {}, time } = message
    const ended = time.completed || message.error
    if (!ended) this.running.add(id)
    if (!this.running.has(id) || !(ended || message.cost)) return false
    if (ended) this.running.delete(id)
    const place = root && root !== "/" ? root : (cwd ?? "")
    const nano = Math.round((message.cost || 0) * NANO)
    this.pending.set(id, { created: time.created, agent: agent ?? mode, place, directory: cwd ?? place, nano })
    return true
  }

  // Reads the ledger. Throws what went wrong; `sums` then gives what was known before.
  refresh(state, day) {
    const grouped = Object.keys(state.projects).length + Object.keys(state.agents).length > 0
    const kind = `${state.ledger} ${day[0]} ${grouped}`
    if (kind !== this.kind) this.rows = []
    this.kind = kind
    for (const [id, call] of this.pending) if (call.created < day[0]) this.pending.delete(id)
    try {
      const db = this.open(state.ledger)
      const version = db.query("PRAGMA data_version").get().data_version
      const key = `${kind} ${version}`
      if (key === this.key) return
      this.key = undefined
      db.run("BEGIN")
      try {
        const held = db.query(HELD).all(JSON.stringify([...this.pending.keys()]))
        this.rows = db.query(grouped ? SPENT_BY : SPENT).all(day[0], day[1])
        for (const { id } of held) this.pending.delete(id)
      } finally {
        db.run("COMMIT")
      }
      this.key = key
    } catch (error) {
      this.close()
      throw new Error(`the ledger ${state.ledger} cannot be read (${error.code ?? error.message})`)
    }
  }

  open(file) {
    const { dev, ino } = fs.statSync(file)
    const place = `${file} ${dev} ${ino}`
    if (place !== this.place) {
      this.close()
      this.db = new this.Database(file, { readonly: true })
      this.db.run("PRAGMA busy_timeout = 20")
      this.place = place
    }
    return this.db
  }

  close() {
    this.db?.close()
    this.db = this.place = this.key = undefined
  }

  sums(day) {
    const late = [...this.pending.values()].filter((call) => call.created >= day[0] && call.created < day[1])
    const calls = [...this.rows, ...late]
    const sum = (mine) => calls.reduce((total, call) => (mine(call) ? total + call.nano : total), 0)
    return {
      all: sum(() => true),
      agent: (name) => sum((call) => call.agent === name),
      // A cap can be on a folder inside a project as well: a call belongs to where it was made, too.
      project: (parent) => sum((call) => isUnder(call.place, parent) || isUnder(call.directory, parent)),
    }
  }
}

// Starts our `sync`, never waited for, so that the ledger is fresh while no dashboard is open.
class Syncs {
  constructor(tell) {
    this.tell = tell
    this.nextMs = 0
  }

  ask(state) {
    this.state = state
    if (this.child || this.timer) {
      this.again = true
      return
    }
    const wait = Math.max(0, this.nextMs - Date.now())
    this.timer = setTimeout(() => this.start(), wait)
    this.timer.unref?.()
  }

  start() {
    clearTimeout(this.timer)
    this.timer = undefined
    this.again = false
    this.nextMs = Date.now() + SYNC_EVERY_MS
    const [program, ...flags] = this.state.sync
    const environment = Object.entries(process.env).filter(([name]) => !name.startsWith("OPENCODE_TUI_"))
    const env = { ...Object.fromEntries(environment), ...this.state.environment }
    const options = { cwd: this.state.directory, env, detached: true, stdio: "ignore" }
    const ended = (trouble) => {
      this.child = undefined
      this.tell(trouble && `${program} cannot bring the ledger up to date (${trouble})`)
      if (this.again) this.ask(this.state)
    }
    try {
      this.child = spawn(program, flags, options)
      this.child.once("error", (error) => ended(error.code ?? error.message))
      this.child.once("exit", (code) => ended(code ? `exit code ${code}` : ""))
      this.child.unref()
    } catch (error) {
      ended(error.code ?? error.message)
    }
  }

  // A process that ends must not take what it has not told to its grave.
  end() {
    if (this.timer || this.again) this.start()
  }
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"))
  } catch {
    return {}
  }
}

function writeJson(file, value) {
  try {
    const fresh = `${file}.${process.pid}`
    fs.writeFileSync(fresh, JSON.stringify(value), { mode: 0o600 })
    fs.renameSync(fresh, file)
  } catch {
    // A note that cannot be kept is no reason to stop anybody.
  }
}

// All of one process: OpenCode makes one plugin for each directory that it works in.
class Guard {
  constructor(Database) {
    this.file = new StateFile()
    this.spending = new Spending(Database)
    this.troubles = { check: "", sync: "" }
    this.syncs = new Syncs((trouble) => this.note("sync", trouble))
    this.toasts = []
    process.on("exit", () => this.syncs.end())
  }

  // Reads all that the first check will need, so that no call has to wait for it. What goes wrong is told then.
  begin() {
    try {
      const state = this.file.read()
      this.spending.refresh(state, dayBounds(Date.now(), state.timezone))
      this.syncs.ask(state)
    } catch {
      this.file.key = undefined
    }
  }

  // What there is to show since it was last asked for: there is no screen yet while OpenCode loads its plugins.
  newToasts() {
    return this.toasts.splice(0)
  }

  // The day's sums, after what can be read has been read.
  look(now) {
    const state = this.file.read()
    const day = dayBounds(now, state.timezone)
    let trouble = ""
    try {
      this.spending.refresh(state, day)
    } catch (error) {
      trouble = error.message
    }
    this.note("check", trouble && `${trouble}; calls are held only to what this OpenCode itself has seen`)
    return { state, day, spent: this.spending.sums(day) }
  }

  // Runs what looks at the state; what goes wrong in it is told, and nothing is held.
  try(work) {
    try {
      return work()
    } catch (error) {
      // `guard remove` has taken the state and this file: it is what was wanted.
      if (!fs.existsSync(fileURLToPath(import.meta.url))) return null
      this.note("check", `${error.message}; calls are not held`)
      return null
    }
  }

  over(agent, places) {
    return this.try(() => {
      const now = Date.now()
      const { state, day, spent } = this.look(now)
      this.warn(state, day, spent.all, now)
      if (!this.heard) this.syncs.ask(state)
      return whatIsOver(state, spent, agent, places, now)
    })
  }

  saw(message) {
    this.heard = true
    if (!this.spending.saw(message)) return
    this.try(() => {
      const now = Date.now()
      const { state, day, spent } = this.look(now)
      this.warn(state, day, spent.all, now)
      if (message.time.completed || message.error) this.syncs.ask(state)
    })
  }

  // OpenCode 1.14 tells a plugin nothing of its calls: the ledger alone does, and knows of one a moment later.
  stepped() {
    if (!this.heard) this.try(() => this.syncs.ask(this.file.read()))
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

  // Keeps what is wrong where `guard status` finds it, and says it once. Empty is all well again.
  note(where, trouble) {
    const before = this.troubles[where]
    this.troubles[where] = trouble
    if (trouble && trouble !== before) this.toasts.push(["error", `opencode-tui guard: ${trouble}.`])
    const told = Object.values(this.troubles).filter(Boolean).join("; ")
    if (told && (told !== this.told || !fs.existsSync(TROUBLE_FILE))) {
      writeJson(TROUBLE_FILE, { at_ms: Date.now(), held: !this.troubles.check, reason: told })
    } else if (!told && this.told !== "") {
      fs.rmSync(TROUBLE_FILE, { force: true })
    }
    this.told = told
  }
}

let guard

export default async function opencodeTuiGuard({ client, directory, worktree }) {
  if (!guard) {
    const { Database } = await import("bun:sqlite")
    guard = new Guard(Database)
    guard.begin()
  }
  const show = () => {
    for (const [variant, message] of guard.newToasts()) {
      const body = { title: "opencode-tui", message, variant, duration: 10_000 }
      try {
        Promise.resolve(client.tui.showToast({ body })).catch(() => {})
      } catch {
        // An OpenCode without toasts.
      }
    }
  }
  const places = [directory, worktree].filter((place) => place && place !== "/")
  return {
    dispose: async () => guard.syncs.end(),
    event: async ({ event }) => {
      const message = event.properties?.info
      if (event.type === "message.updated" && message?.role === "assistant") guard.saw(message)
      else if (event.type === "session.status" || event.type === "session.idle") guard.stepped()
      else return
      show()
    },
    "chat.params": async ({ agent }) => {
      const over = guard.over(agent?.name ?? agent, places)
      show()
      if (over) throw new Error(refusal(over))
    },
  }
}
