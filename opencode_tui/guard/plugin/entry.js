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
      if (/^session\.(created|updated)$/.test(event.type)) guard.spending.sessions.born(message?.id, message?.parentID)
      if (event.type === "message.updated" && message?.role === "assistant") guard.saw(message)
      else if (event.type === "session.status" || event.type === "session.idle") guard.stepped()
      else return
      show()
    },
    "chat.message": async ({ sessionID }) => guard.limits.loops.prompted(sessionID),
    "tool.execute.before": async ({ tool, sessionID }, output) => guard.usesTool(sessionID, tool, output?.args),
    "chat.params": async ({ sessionID, agent, model }) => {
      const name = agent?.name ?? agent
      const about = { session: sessionID, agent: name, provider: model?.providerID, isTitle: name === "title" }
      await guard.followTeam()
      const over = guard.over(callOf({ ...about, places }))
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
  await ctx.session.hook("model.request", async ({ sessionID, agent, model, kind }) => {
    const get = () => ctx.session.get({ sessionID })
    const about = { session: sessionID, agent, provider: model?.providerID, isTitle: kind === "title" }
    await guard.followTeam()
    const over = await guard.overIn(callOf({ ...about, places }), get)
    if (over) throw new Error(refusal(over))
  })
  await watchTools(ctx, guard)
  listen(ctx, guard)
}

// What tools are used with and what is prompted, for loops; without these hooks, no loop is held.
async function watchTools(ctx, guard) {
  try {
    await ctx.session.hook("prompt", ({ sessionID }) => guard.limits.loops.prompted(sessionID))
    await ctx.tool.hook("execute.before", ({ tool, sessionID, input }) => guard.usesTool(sessionID, tool, input))
    await ctx.tool.hook("execute.after", ({ tool, input, result }) => guard.usedTool(tool, input, result))
  } catch {
    // An OpenCode without them.
  }
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
