// Whose calls a rate or a budget counts. A call, or a row of the ledger, has an agent, a provider, a session, the place
// of its project and the directory that it was made in. What is not known of it is in no scope.
const ENVIRONMENTS_FILE = path.join(NOTES, "guard-environments.tsv")
const LARGEST_NOTES = 1024 * 1024

// This process's environment: by its own variable, else by the settings, else `ci` where CI is true.
function environmentHere(held) {
  const own = process.env.OPENCODE_TUI_ENVIRONMENT
  if (own && /^[\w-]{1,40}$/.test(own)) return own
  return held.environment || (isCI() ? "ci" : "")
}

function isCI() {
  return /^(true|1|yes)$/i.test(process.env.CI ?? "")
}

// The environment of each session that had one. OpenCode does not record it, so every guard notes it at a session's first
// call, and only while a rate or a budget is about an environment: what was called before counts nowhere.
class Environments {
  constructor() {
    this.known = new Map()
  }

  note(session, name) {
    if (!session || !name || this.of(session) === name) return
    this.known.set(session, name)
    try {
      fs.appendFileSync(ENVIRONMENTS_FILE, `${session}\t${name}\n`, { mode: 0o600 })
    } catch {
      // This process knows it all the same.
    }
  }

  of(session) {
    return this.known.get(session) ?? ""
  }

  // What other processes have noted since. A file that has grown large keeps its newer half.
  read() {
    try {
      const { size, isFile } = statOf(ENVIRONMENTS_FILE)
      if (size === this.size || !isFile) return
      this.size = size
      const lines = fs.readFileSync(ENVIRONMENTS_FILE, "utf8").split("\n")
      for (const line of lines) {
        const [session, name] = line.split("\t")
        if (session && name) this.known.set(session, name)
      }
      if (size > LARGEST_NOTES) fs.writeFileSync(ENVIRONMENTS_FILE, lines.slice(lines.length / 2).join("\n"))
    } catch {
      // There is none yet.
    }
  }
}

function statOf(file) {
  const stat = fs.statSync(file)
  return { size: stat.size, isFile: stat.isFile() }
}

class Scopes {
  constructor() {
    this.environments = new Environments()
    this.tagged = new Map()
  }

  // The member of a limit's scope that a call belongs to: a limit without `only` is for each member by itself. Undefined
  // if the call is in none.
  memberOf({ scope, only }, one, held) {
    if (scope === "seat") return ""
    if (only) return this.isMember(scope, only, one, held) ? only : undefined
    return { agent: one.agent, project: one.place, environment: this.environments.of(one.session) }[scope] || undefined
  }

  isMember(scope, key, one, held) {
    if (scope === "seat") return true
    if (scope === "project") return isInProject(one.place, key) || isInProject(one.directory, key)
    if (scope === "environment") return this.environments.of(one.session) === key
    if (scope === "tag") return this.hasTag(one.place, key, held) || this.hasTag(one.directory, key, held)
    return one[scope] === key
  }

  hasTag(place, tag, held) {
    const patterns = held.tags?.[tag] ?? []
    if (!place) return false
    const key = `${tag}\0${place}\0${patterns.join("\0")}`
    if (this.tagged.size > 10_000) this.tagged.clear()
    if (!this.tagged.has(key)) {
      const is = patterns.some((pattern) => isMatch(place, pattern) || isMatch(realPath(place), pattern))
      this.tagged.set(key, is)
    }
    return this.tagged.get(key)
  }
}

// Whether a path, or a folder above it, matches a pattern: * is anything in one name, ** any names, ? one letter. As
// analysis/tags.py.
function isMatch(place, pattern) {
  const parts = pattern.replace(/\/+$/, "").split(/(\*\*|\*|\?)/)
  const wild = { "**": ".*", "*": "[^/]*", "?": "[^/]" }
  const regex = parts.map((part) => wild[part] ?? part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("")
  return new RegExp(`^${regex}(/.*)?$`, "s").test(place)
}
