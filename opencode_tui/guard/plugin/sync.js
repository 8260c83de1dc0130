// Starts `opencode-tui sync` without waiting for it, so that the ledger is current while no dashboard is open.
class Syncs {
  constructor(report) {
    this.report = report
    this.nextMs = 0
  }

  ask(state) {
    this.state = state
    if (this.child || this.timer) {
      this.again = true
      const lasts = this.child && Date.now() - this.sinceMs > SYNC_LASTS_MS
      if (lasts) this.report(`${this.child.spawnfile} has not brought the ledger up to date within a minute`)
      return
    }
    const wait = Math.min(SYNC_EVERY_MS, Math.max(0, this.nextMs - Date.now()))
    this.timer = setTimeout(() => this.start(), wait)
    this.timer.unref?.()
  }

  start() {
    clearTimeout(this.timer)
    this.timer = undefined
    this.again = false
    this.sinceMs = Date.now()
    this.nextMs = this.sinceMs + SYNC_EVERY_MS
    const { sync, directory, environment, timezone } = this.state
    const [program, ...flags] = sync
    const isOurs = (name) => name.startsWith("OPENCODE_TUI_") || (name === "TZ" && !timezone)
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOurs(name)))
    const options = { cwd: directory, env: { ...env, ...environment }, detached: true, stdio: "ignore" }
    const ended = (trouble) => {
      this.child = undefined
      this.report(trouble && `${program} cannot bring the ledger up to date (${trouble})`)
      if (this.again) this.ask(this.state)
    }
    try {
      this.child = spawn(program, flags, options)
      this.child.once("error", (error) => ended(error.code ?? error.message))
      this.child.once("exit", (code, signal) => ended(code || signal ? `exit ${code ?? signal}` : ""))
      this.child.unref()
    } catch (error) {
      ended(error.code ?? error.message)
    }
  }

  // At the end of the process, what has not been synced yet is synced.
  end() {
    if (this.timer || this.again) this.start()
  }
}
