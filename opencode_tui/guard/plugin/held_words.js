// What OpenCode's retry classifier looks for in words, which the names that somebody gave may hold.
const RETRIED = /rate.?limit|rate increased|too.?many.?requests|overloaded|unavailable|internal.?error|server.?error/gi
const RETRIED_TOO = /provider.?returned.?error|terminated|fetch|network|upstream|connection|refused|lost|socket|hang|reset/gi
const RETRIED_ALSO = /getaddrinfo|enotfound|eai_again|econn\w*|etimedout|time|retry|try|exhausted|capacity/gi
const PERIODS = { day: "today", week: "this week", month: "this month" }
const BY = { seat: "", agent: " by this agent", project: " in this project", environment: " in this environment" }

function harmless(name) {
  const split = (text) => `${text[0]}\u2060${text.slice(1)}`
  return [RETRIED, RETRIED_TOO, RETRIED_ALSO].reduce((text, words) => text.replace(words, split), joined(name))
}

// The sentence of a refusal by a rate, a loop, a subagent's cap or a budget.
function refusalOfHeld(over) {
  const [said, lift, first = ""] = HELD_WORDS[over.kind](over)
  return `opencode-tui guard: ${said}, so this call was not made. Go on ${first}with \`opencode-tui guard lift ${lift} --for 30m\`.`
}

function saidOf(over) {
  return HELD_WORDS[over.kind](over)[0].replaceAll("\u2060", "")
}

const HELD_WORDS = {
  calls: ({ calls, most, scope, waitMs }) => [
    `${counted(calls, "call")} in the last minute${BY[scope]}, and the limit is ${joined(String(most))} a minute`,
    "rate",
    `in ${waitOf(waitMs)} or `,
  ],
  hour: ({ spent, cap, scope, waitMs }) => [
    `${formatUsd(spent)} is spent in the last hour${BY[scope]}, and the limit is ${formatUsd(cap)} an hour`,
    "rate",
    `in ${waitOf(waitMs)} or `,
  ],
  loop: ({ times }) => [
    `the same tool call was made ${joined(String(times))} times with nothing changed in between`,
    "loop",
    "with a new prompt or ",
  ],
  subagent: ({ spent, cap }) => [`this subagent has cost ${formatUsd(spent)} and its cap is ${formatUsd(cap)}`, "subagent"],
  budget: ({ budget, spent, cap, line }) => [
    `${formatUsd(spent)} of ${budgetName(budget)} is spent ${PERIODS[budget.period]} and ${line} is ${formatUsd(cap)}`,
    // A name that has to be split for the classifier could not be copied.
    harmless(budget.name) === budget.name ? `budget ${budget.name}` : "budget",
  ],
}

function budgetName({ name, owner, of_team: ofTeam }) {
  const whose = owner ? ` of ${harmless(owner)}` : ""
  return `${ofTeam ? "the team's budget" : "the budget"} “${harmless(name.replace(/^\w+:/, ""))}”${whose}`
}

function counted(count, noun) {
  return `${joined(String(count))} ${noun}${count === 1 ? "" : "s"}`
}

function waitOf(ms) {
  const seconds = Math.max(1, Math.ceil(ms / 1000))
  return seconds <= 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`
}
