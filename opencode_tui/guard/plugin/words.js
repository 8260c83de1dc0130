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
  return joined(`$${grouped}.${rest}`)
}

function joined(text) {
  return text.replace(/4(?=29)|5(?=0[0234]|24)/g, "$&\u2060")
}

function roundHalfEven(amount, unit) {
  const whole = Math.floor(amount / unit)
  const rest = amount - whole * unit
  return rest > unit / 2 || (rest === unit / 2 && whole % 2) ? whole + 1 : whole
}

// An amount to raise the cutoff to, for a command line: a round one about a quarter above, which the retry
// classifier does not match.
function suggestedRaise(nano) {
  const cents = Math.max(1, Math.ceil(nano / 1e7))
  const step = Math.max(5, 10 ** Math.floor(Math.log10(cents)) / 2)
  let raised = Math.ceil((cents * 1.25) / step) * step
  while (/429|50[0234]|524/.test(String(Math.floor(raised / 100)))) raised += step
  return (raised / 100).toFixed(2)
}

// The sentence of a refusal. It names neither the agent nor the project: a name can match the classifier.
function refusal(over) {
  if (over.kind) return refusalOfHeld(over)
  const said = `opencode-tui guard: ${formatUsd(over.spent)} is spent today${over.by} and ${over.line}`
  const lift = "`opencode-tui guard lift --for 30m`"
  const raise = over.canRaise ? ` or \`opencode-tui guard raise ${suggestedRaise(Math.max(over.spent, over.cap))}\`` : ""
  return `${said} is ${formatUsd(over.cap)}, so this call was not made. Go on with ${lift}${raise}.`
}
