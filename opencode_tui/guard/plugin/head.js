// opencode-tui guard: refuses OpenCode's model calls once the day has cost what it may.
// Written by `opencode-tui guard install`; `opencode-tui guard remove` takes it away again.
//
// One file for OpenCode 1 and 2; the last lines say how each loads it. Whatever goes wrong lets the call pass, with a
// note that `opencode-tui guard status` shows and, in OpenCode 1, a toast.

import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import fs from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"

const STATE_FILE = "@STATE_FILE@"
const BUILD = "@BUILD@"
const NOTES = path.dirname(STATE_FILE)
const WARNED_FILE = path.join(NOTES, "guard-warned.json")
const REFUSED_FILE = path.join(NOTES, "guard-refused.json")
const TROUBLE_FILE = path.join(NOTES, "guard-trouble.json")

const NANO = 1e9
const DAY_MS = 86_400_000
const SYNC_EVERY_MS = 1000
const SYNC_LASTS_MS = 60_000
const ANSWERS_WITHIN_MS = 5000
const LARGEST_STATE = 16 * 1024 * 1024
