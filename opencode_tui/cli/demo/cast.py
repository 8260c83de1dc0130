"""The content of the demo: projects with their files, session titles, prompts and answers."""

from __future__ import annotations

from msgspec import Struct


class Project(Struct, frozen=True):
    name: str
    files: tuple[str, ...]
    test: str
    """The command that runs its tests."""
    titles: tuple[str, ...]

    @property
    def directory(self) -> str:
        return f"/home/dev/{self.name}"


SHOP = Project(
    "shop",
    ("src/Cart.tsx", "src/Checkout.tsx", "src/api/orders.ts", "src/ProductList.tsx", "src/theme.css"),
    "npm test -- --run",
    (
        "Cart total ignores vouchers",
        "Empty state for the wish list",
        "Checkout form validation",
        "Speed up the product list",
        "Replace moment with date-fns",
        "Return labels as PDF",
        "Flaky test in orders.spec",
    ),
)
GATEWAY = Project(
    "api-gateway",
    ("internal/limit/bucket.go", "internal/auth/jwt.go", "cmd/gateway/main.go", "internal/proxy/retry.go"),
    "go test ./...",
    (
        "Rate limiter per tenant",
        "Rotate the JWT signing keys",
        "Retry budget for upstream calls",
        "Trace ids across the proxy",
        "Graceful shutdown drops requests",
        "Split config from flags",
    ),
)
DOCS = Project(
    "docs-site",
    ("docs/quickstart.md", "docs/webhooks.md", "src/pages/index.mdx", "docusaurus.config.ts"),
    "npm run build",
    (
        "Quickstart for Windows",
        "Broken links in the API reference",
        "Search does not find headings",
        "Rewrite the webhook guide",
        "Dark theme for code blocks",
    ),
)
MOBILE = Project(
    "mobile-app",
    ("lib/screens/login.dart", "lib/sync/queue.dart", "lib/widgets/avatar.dart", "ios/Runner/Info.plist"),
    "flutter test",
    (
        "Offline queue loses items",
        "Login screen on small phones",
        "Avatar cache grows without end",
        "Push permission on first start",
        "Upgrade to Flutter 3.38",
    ),
)
INFRA = Project(
    "infra",
    ("modules/vpc/main.tf", "ansible/roles/nginx/tasks/main.yml", "helm/values.yaml", "scripts/backup.sh"),
    "terraform validate",
    (
        "Nightly backup to another region",
        "Shrink the staging cluster",
        "Alert when the disk is 80% full",
        "Move secrets out of values.yaml",
        "Pin the nginx image",
    ),
)

PROJECTS = (SHOP, GATEWAY, DOCS, MOBILE, INFRA)
WEIGHTS = (38, 24, 12, 16, 10)
"""The weights with which a new session chooses its project."""

LOOP_TITLE = "Fix header spacing"
LOOP_FILE = "src/components/Button.tsx"
UNBILLED_TITLE = "Changelog for 2.4"
SCRATCH_TITLE = "Try a warmer palette"

ASKS = (
    "Have a look first, then change it.",
    "Now add a test for it.",
    "That is not quite it: keep the old behaviour when the list is empty.",
    "Run the tests and fix what breaks.",
    "Please make it shorter.",
    "Why does this happen only in production?",
)
ANSWERS = (
    "Let me look at it.",
    "I will change that now.",
    "Found it.",
    "One more place needs the same.",
    "Done.",
)
ERRANDS = (
    ("Find all callers", "explore"),
    ("Where is this configured", "explore"),
    ("Collect the failing cases", "general"),
    ("Compare with the other module", "explore"),
    ("Draft the migration steps", "general"),
)
"""(task, agent) of the subagents."""
