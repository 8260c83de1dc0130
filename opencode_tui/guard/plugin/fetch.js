const CALLS = /\/(chat\/completions|completions|responses|messages|converse|converse-stream|chat|generate)$/
const MORE_CALLS = /\/invoke(-with-response-stream)?$|:(generateContent|streamGenerateContent|rawPredict|streamRawPredict)$/

// Some calls of OpenCode 1.18 run no hook: `opencode agent create`, and prompts by /api/session/ID/prompt. They are
// held where they leave; the latter only where the server has not fetched anything before, for it keeps the fetch that
// it finds then. What else goes by fetch is passed on as it is.
function holdFetch() {
  globalThis.fetch = new Proxy(globalThis.fetch, {
    async apply(real, self, given) {
      const { guard } = globalThis[SHARED]
      const over = isModelUrl(given) ? (await guard).overAnywhere() : null
      if (over && (await isModelCall(given))) return refused(refusal(over))
      return Reflect.apply(real, self, given)
    },
  })
}

function isModelUrl([input, init]) {
  try {
    const { pathname } = new URL(input?.url ?? input)
    return (init?.method ?? input?.method) === "POST" && (CALLS.test(pathname) || MORE_CALLS.test(pathname))
  } catch {
    return false
  }
}

// Whether the body is what a model is asked with: a tool may post to an address that looks like a model's.
async function isModelCall([input, init]) {
  try {
    const body = init?.body ?? (input instanceof Request ? input.clone() : "")
    const asked = JSON.parse(await (body instanceof Request ? body : new Response(body)).text())
    if (asked.jsonrpc) return false
    return typeof asked.model === "string" || [asked.messages, asked.contents, asked.input].some(Array.isArray)
  } catch {
    return false
  }
}

function refused(message) {
  const error = { type: "opencode_tui_guard", message, code: null, param: null }
  const headers = { "content-type": "application/json" }
  return new Response(JSON.stringify({ type: "error", error }), { status: 402, statusText: "held by a guard", headers })
}
