const OLDER_LASTS_MS = 60_000

// What the weeks and months of budgets had cost before today began. It changes only by imports, so that it is read again
// once a minute at most.
class Older {
  constructor() {
    this.parts = new Map()
    this.sums = new WeakMap()
  }

  isDue(state, day, place) {
    const isOld = Date.now() - this.readMs > OLDER_LASTS_MS
    return startsOf(state, day).some(([period, start]) => isOld || this.parts.get(period)?.key !== `${place} ${start} ${day[0]}`)
  }

  read(db, state, day, place) {
    if (!this.isDue(state, day, place)) return
    this.readMs = Date.now()
    this.parts.clear()
    this.sums = new WeakMap()
    for (const [period, start] of startsOf(state, day)) {
      const rows = start < day[0] ? db.query(SPENT_BY).all(start, day[0]) : []
      this.parts.set(period, { key: `${place} ${start} ${day[0]}`, rows })
    }
  }

  // What a budget's period had cost before today, in nano-dollars; undefined if that is not known.
  spent(budget, mine) {
    if (budget.period === "day") return 0
    const part = this.parts.get(budget.period)
    if (!part) return undefined
    if (!this.sums.has(budget)) {
      this.sums.set(budget, part.rows.reduce((sum, row) => (mine(row) ? sum + row.nano : sum), 0))
    }
    return this.sums.get(budget)
  }
}

// The periods of budgets that are longer than a day, with their starts; those that guard.json does not say are left out.
function startsOf({ held }, day) {
  const lists = { week: held.weeks, month: held.months }
  const periods = Object.keys(lists).filter((period) => held.budgets.some((budget) => budget.period === period))
  return periods.map((period) => [period, periodStart(lists[period], day[0])]).filter(([, start]) => start !== undefined)
}
