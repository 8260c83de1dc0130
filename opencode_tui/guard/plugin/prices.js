// What a call costs, by the rule of pricing/book.py: the user's own price, else what OpenCode recorded, else (where
// the list is preferred, before it) the list price. Prices are rows [above, input, output, cache read, cache write],
// in nano-dollars per million tokens; the last whose `above` the context is larger than makes the whole call's price.
// List prices are by directory, for a project has own ones; those of "" count where it has none. An own price that
// holds from a day on, or at some hours, is in `changes`: what it becomes at which moment, of all days that are known.
function amountOf(prices, { provider, model, directory, at }, tokens, recorded) {
  const key = `${provider.replaceAll("%", "%25").replaceAll("/", "%2F")}/${model}`
  const own = entryOf(prices.custom, key) ?? entryOf(prices.changes, key)?.findLast(([since]) => since <= at)?.[1]
  const listed = (place) => entryOf(entryOf(entryOf(prices.list, place), provider), model)
  const rows = own ?? (prices.prefer === "list" ? (listed(directory) ?? listed("")) : undefined)
  return rows ? costNano(tokens, rows) : recorded
}

function entryOf(table, name) {
  return table && Object.hasOwn(table, name) ? table[name] : undefined
}

function hasOwnPrices(prices) {
  return prices.prefer === "list" || Object.keys({ ...prices.custom, ...prices.changes }).length > 0
}

// As pricing.rates.cost_nano: summed exactly, rounded once, ties to even.
function costNano(tokens, rows) {
  const context = tokens.input + tokens.read + tokens.write
  const [, input, output, read, write] = rows.findLast(([above]) => context > above) ?? rows[0]
  const counts = [tokens.input, tokens.output + tokens.reasoning, tokens.read, tokens.write]
  const rates = [input, output, read, write]
  const sum = counts.reduce((total, count, i) => total + BigInt(count) * BigInt(rates[i]), 0n)
  const whole = sum / 1_000_000n
  const rest = (sum % 1_000_000n) * 2n
  return Number(rest > 1_000_000n || (rest === 1_000_000n && whole % 2n === 1n) ? whole + 1n : whole)
}

// OpenCode's counts, disjoint: up to 1.3.2 `output` already holds `reasoning`, as source/decode.py has it.
function tokensOf(reported, version) {
  const count = (value) => (Number.isSafeInteger(value) && value > 0 ? value : 0)
  const { input, output, reasoning, cache, total } = reported ?? {}
  const tokens = { input: count(input), output: count(output), reasoning: count(reasoning) }
  tokens.read = count(cache?.read)
  tokens.write = count(cache?.write)
  if (tokens.reasoning > tokens.output) return tokens
  const rest = tokens.input + tokens.output + tokens.read + tokens.write
  const holdsIt = typeof total === "number" ? total === rest : isUpTo132(version)
  if (holdsIt) tokens.output -= tokens.reasoning
  return tokens
}

function isUpTo132(version) {
  const found = /^(\d+)\.(\d+)\.(\d+)$/.exec(version ?? "")
  if (!found) return false
  const [major, minor, patch] = found.slice(1).map(Number)
  if (major === 0 && minor === 0 && patch === 0) return false
  return major < 1 || (major === 1 && (minor < 3 || (minor === 3 && patch <= 2)))
}
