// The bounds of the day that `now` is in, in Unix milliseconds. `days` are the starts of days in a row, of the user's
// time zone, from guard.json: its zones are Python's, of which Bun does not know all. Outside of them a day has 24 h.
function dayBounds(now, days) {
  const first = days[0]
  const last = days[days.length - 1]
  if (now < first || now >= last) {
    const from = now < first ? first : last
    const start = from + Math.floor((now - from) / DAY_MS) * DAY_MS
    return [start, start + DAY_MS]
  }
  const next = days.findIndex((start) => start > now)
  return [days[next - 1], days[next]]
}
