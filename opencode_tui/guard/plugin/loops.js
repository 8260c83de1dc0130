// Tools that change nothing. Any other that is not the repeated one itself may have changed something.
const READING_TOOLS = new Set(["read", "glob", "grep", "list", "ls", "webfetch", "websearch", "codesearch", "lsp"])
for (const tool of ["todoread", "todowrite", "skill"]) READING_TOOLS.add(tool)
const READING_COMMANDS = new Set(["cat", "cd", "cut", "date", "df", "du", "echo", "file", "grep", "head", "ls"])
for (const name of ["nl", "ps", "pwd", "rg", "sleep", "stat", "tail", "true", "type", "uname", "wc", "which"])
  READING_COMMANDS.add(name)
const READING_OF_GIT = new Set(["blame", "diff", "log", "rev-parse", "show", "status"])
const SHELLS = new Set(["bash", "shell"])
const MOST_SESSIONS = 500

// How often each session has made the same tool call since its last prompt with nothing changed in between. Only
// fingerprints of the calls are kept.
class Loops {
  constructor() {
    this.sessions = new Map()
  }

  // A new prompt: somebody, or another agent, has seen how far it got.
  prompted(session) {
    this.sessions.delete(session)
  }

  used(session, tool, input) {
    if (!session || !tool) return
    const counts = this.sessions.get(session) ?? new Map()
    this.sessions.delete(session)
    this.sessions.set(session, counts)
    if (this.sessions.size > MOST_SESSIONS) this.sessions.delete(this.sessions.keys().next().value)
    const key = fingerprintOf(tool, input)
    const times = (counts.get(key) ?? 0) + 1
    if (!changesNothing(tool, input)) counts.clear()
    counts.set(key, times)
  }

  // How often the most repeated call was made.
  most(session) {
    return Math.max(0, ...(this.sessions.get(session)?.values() ?? []))
  }
}

function fingerprintOf(tool, input) {
  // What a command is said to be for differs where the command is the same.
  const { description, ...given } = input && typeof input === "object" ? input : { input }
  const text = sorted(SHELLS.has(tool) ? given : { description, ...given })
  return createHash("sha256").update(`${tool}\0${text}`).digest("base64")
}

function sorted(value) {
  if (!value || typeof value !== "object") return JSON.stringify(value) ?? ""
  if (Array.isArray(value)) return `[${value.map(sorted).join()}]`
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${sorted(value[key])}`).join()}}`
}

function changesNothing(tool, input) {
  if (READING_TOOLS.has(tool)) return true
  return SHELLS.has(tool) && typeof input?.command === "string" && isReading(input.command)
}

// Whether each command of a line is one that only reads, and nothing is redirected or substituted.
function isReading(line) {
  if (/[>`\\]|\$\(|<\(/.test(line)) return false
  return line.split(/[;|&\n]+/).every((command) => {
    const [name = "", second = ""] = command.trim().split(/\s+/)
    return name === "" || READING_COMMANDS.has(name) || (name === "git" && READING_OF_GIT.has(second))
  })
}
