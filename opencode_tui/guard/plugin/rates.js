const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

// How fast calls follow each other: this process's own as they were let through, those of other processes as the ledger
// has them. A title is no call of these: it is made beside another, and OpenCode 1 does not record it.
class Rates {
  constructor() {
    this.passedCalls = []
    this.own = new Set()
  }

  passed(call, now) {
    if (call.isTitle) return
    this.passedCalls = this.passedCalls.filter(({ at }) => now - at < MINUTE_MS)
    this.passedCalls.push({ ...call, at: now })
    if (call.session) this.own.add(call.session)
  }

  // The rate that a call would exceed, or null. `rows` are the ledger's calls of the last hour, `rest` what this process
  // has spent that they do not hold.
  over(held, call, rows, rest, scopes, now) {
    for (const rate of held.rates) {
      const member = scopes.memberOf(rate, call, held)
      if (member === undefined) continue
      const mine = (one) => scopes.isMember(rate.scope, member, one, held)
      const found = this.tooMany(rate, rows, mine, now) ?? tooMuch(rate, [...rows, ...rest], mine, now)
      if (found) return { ...found, scope: rate.scope }
    }
    return null
  }

  tooMany(rate, rows, mine, now) {
    if (!rate.calls_a_minute) return null
    const isRecent = ({ at }) => at <= now && now - at < MINUTE_MS
    const others = rows.filter((row) => isRecent(row) && !this.own.has(row.session) && row.agent !== "title" && mine(row))
    const calls = [...this.passedCalls.filter((one) => isRecent(one) && mine(one)), ...others]
    if (calls.length < rate.calls_a_minute) return null
    const times = calls.map(({ at }) => at).sort((one, other) => one - other)
    const freeMs = times[times.length - rate.calls_a_minute] + MINUTE_MS
    return { kind: "calls", calls: calls.length, most: rate.calls_a_minute, waitMs: freeMs - now }
  }
}

// What was spent in the last hour is at the limit: until the oldest of it is an hour old.
function tooMuch(rate, rows, mine, now) {
  if (!rate.hour_nano) return null
  const recent = rows.filter((row) => row.at <= now + MINUTE_MS && now - row.at < HOUR_MS && row.nano && mine(row))
  const spent = recent.reduce((sum, { nano }) => sum + nano, 0)
  if (spent < rate.hour_nano) return null
  recent.sort((one, other) => one.at - other.at)
  let left = spent
  const last = recent.find(({ nano }) => (left -= nano) < rate.hour_nano) ?? recent[recent.length - 1]
  return { kind: "hour", spent, cap: rate.hour_nano, waitMs: last.at + HOUR_MS - now }
}
