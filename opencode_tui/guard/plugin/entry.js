const SHARED = Symbol.for("opencode-tui guard")

// The one guard of this process: OpenCode 2 loads this module again for each directory.
function guardOfProcess(generation, version) {
  const shared = globalThis[SHARED]
  if (shared?.build === BUILD && shared.file === STATE_FILE) return shared.guard
  const guard = (async () => {
    let Database
    try {
      Database = (await import("bun:sqlite")).Database
    } catch (error) {
      Database = function () {
        throw error
      }
    }
    const made = new Guard(Database, generation, version)
    made.begin()
    return made
  })()
  globalThis[SHARED] = { build: BUILD, file: STATE_FILE, guard }
  if (generation === 1 && !shared) holdFetch()
  return guard
}

function versionOf() {
  const agent = process.execArgv.find((flag) => flag.startsWith("--user-agent=opencode/")) ?? ""
  return agent.split("/").find((part) => /^\d+\.\d+\.\d+/.test(part)) ?? ""
}

function placesOf(...places) {
  return [...new Set(places.filter((place) => place && place !== "/"))]
}

// OpenCode 1. It calls a function that the module exports, or `server` of an object.
async function server({ client, directory, worktree, project }) {
  const guard = await guardOfProcess(1, versionOf())
  const places = placesOf(directory, worktree, project?.worktree)
  guard.worksIn(places)
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

// OpenCode 2.
async function setup(ctx) {
  const guard = await guardOfProcess(2, ctx.app?.version ?? versionOf())
  const { directory, project } = ctx.location ?? {}
  const places = placesOf(directory, project?.canonical ?? project?.directory)
  await ctx.session.hook("model.request", async ({ sessionID, agent, kind }) => {
    const get = () => ctx.session.get({ sessionID })
    const over = await guard.overIn({ id: sessionID, agent, kind, places, get })
    if (over) throw new Error(refusal(over))
  })
  listen(ctx, guard)
}

// Follows OpenCode's events until they end. The session's cost is requested at each call as well.
async function listen(ctx, guard) {
  for (let failures = 0; failures < 5; failures++) {
    try {
      for await (const event of ctx.event.subscribe()) {
        guard.heardEvent(event)
        failures = 0
      }
      return
    } catch {
      await new Promise((done) => setTimeout(done, 1000))
    }
  }
}

const isOld = process.execArgv.some((flag) => /^--user-agent=opencode\/1\./.test(flag))

export default isOld ? server : { id: "opencode-tui-guard", setup, server }
