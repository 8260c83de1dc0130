"""The programs and subcommands that may be stored by name; no other word of a shell command is.

This is an allow list, because nothing about a word shows whether it is a program or a password. Uses of other programs
are counted and compared too, but have no name; to add one, add a word here.
"""

from __future__ import annotations

_KNOWN = """
awk: bash: bat: bc: bzip2: cat: chgrp: chmod: chown: clear: cmp: comm: column: cp: csplit: curl: cut: date: dd: df:
diff: dig: dirname: basename: du: echo: egrep: env: eval: expand: export: expr: false: fd: fgrep: file: find: fish:
fold: free: fzf: grep: groups: gunzip: gzip: head: hexdump: hostname: htop: iconv: id: ifconfig: ip: jq: yq: kill:
killall: less: ln: ls: lsof: ll: md5sum: mkdir: mktemp: more: mv: nc: ncat: netstat: nl: nproc: nslookup: od: paste:
patch: pbcopy: pbpaste: pgrep: ping: pkill: pr: printenv: printf: ps: pushd: popd: pwd: read: readlink: realpath:
rename: rev: rg: rm: rmdir: rsync: scp: sed: seq: set: sftp: sh: sha1sum: sha256sum: shasum: shuf: sleep: sort:
source: split: ssh: stat: strings: strace: su: sync: tac: tail: tar: tee: telnet: test: top: touch: tr: tree: true:
truncate: tty: type: ulimit: umask: uname: uniq: unset: unzip: uptime: vi: vim: nano: emacs: wait: watch: wc: wget:
whereis: which: who: whoami: xxd: xz: yes: zcat: zip: zsh: zstd: open: say: osascript: defaults: sw_vers: xdg-open:
cd: alias: history: exit: trap: ag: ack: delta: eza: exa: lsd: hyperfine: tokei: cloc: scc: entr: parallel: sponge:
sudo: doas: time: nohup: nice: exec: command: xargs: timeout: stdbuf: setsid: ionice: caffeinate:

git: add am apply archive bisect blame branch bundle checkout cherry cherry-pick clean clone commit config describe
 diff fetch format-patch fsck gc grep init lfs log ls-files ls-remote ls-tree merge merge-base mv notes pull push
 range-diff rebase reflog remote reset restore rev-list rev-parse revert rm shortlog show show-ref sparse-checkout
 stash status submodule switch symbolic-ref tag update-index update-ref version worktree
gh: api auth browse cache codespace config extension gist issue label pr release repo run search secret ssh-key
 status variable workflow
glab: api auth ci issue mr release repo
hg: add commit diff log pull push status update
svn: add checkout commit diff info log revert status update
jj: abandon commit describe diff edit git log new rebase split squash status

npm: access add audit bin build cache ci config create dedupe deprecate exec explain fund help init install link list
 login logout ls outdated pack ping prefix prune publish rebuild root run run-script search start stop test token
 uninstall unlink update version view whoami
npx: bun: add build create init install link pm publish remove run test update upgrade x
bunx: pnpm: add audit build create dlx exec fetch import init install link list outdated pack prune publish rebuild
 remove run start store test update why
yarn: add audit build cache config create dlx exec info init install link list lint outdated pack publish remove run
 start test up upgrade version why workspace workspaces
node: deno: bench bundle cache check compile doc eval fmt info install lint run task test upgrade
tsc: tsx: ts-node: jest: vitest: bench list run watch
mocha: cypress: open run
playwright: codegen install show-report test
eslint: prettier: biome: check ci format lint
stylelint: oxlint: webpack: rollup: esbuild: vite: build dev preview serve
next: build dev lint start
nuxt: build dev generate
astro: build check dev
ng: build serve test
turbo: build lint run test
nx: build lint run serve test
lerna: bootstrap run version
nodemon: pm2: list logs restart start status stop
serve: http-server: storybook: build dev
prisma: db format generate migrate studio validate
drizzle-kit: generate migrate push studio
wrangler: deploy dev login pages secret
vercel: build deploy dev env link login pull
netlify: build deploy dev link login
firebase: deploy emulators init login serve
expo: build start
corepack: enable prepare
nvm: install use
fnm: install use
volta: install pin

python: python2: python3: py: pypy: pypy3: pip: cache check config debug download freeze install list show uninstall
 wheel
pip3: check download freeze install list show uninstall wheel
pipx: install list run uninstall upgrade
uv: add build cache export init lock pip publish python remove run sync tool tree venv
uvx: poetry: add build check config env export init install lock publish remove run shell show update version
pdm: add build install lock publish remove run sync update
hatch: build env publish run test version
rye: add build run sync
conda: activate create deactivate env info install list remove run update
mamba: activate create env install list run
pytest: py.test: tox: nox: coverage: combine erase html report run xml
ruff: check clean format rule server
black: isort: flake8: pylint: mypy: pyright: basedpyright: ty: check
bandit: pre-commit: autoupdate install run
ipython: jupyter: console lab nbconvert notebook
django-admin: makemessages migrate startapp startproject test
manage.py: check collectstatic loaddata makemessages makemigrations migrate runserver shell showmigrations test
flask: db run shell
uvicorn: gunicorn: celery: beat worker
alembic: current downgrade history revision stamp upgrade
twine: check upload
sphinx-build: mkdocs: build gh-deploy serve
virtualenv: pipenv: install lock run sync

cargo: add audit bench build check clean clippy deny doc expand fetch fix fmt generate-lockfile init install metadata
 new nextest publish remove run rustc search test tree uninstall update version watch
rustc: rustfmt: rustup: component default doc install show target toolchain update
go: build clean doc env fix fmt generate get install list mod run test tool version vet work
gofmt: golangci-lint: run
dlv: gcc: g++: clang: clang++: cc: c++: ld: ar: nm: objdump: readelf: gdb: lldb: valgrind: clang-format: clang-tidy:
make: all build check clean clippy coverage deploy dev dist docs fmt format help install lint run serve setup start
 stop test tests typecheck uninstall up down
gmake: all build check clean install test
just: build check clean dev fmt lint run test
task: build check clean dev fmt lint run test
cmake: ctest: cpack: ninja: clean install test
meson: compile configure dist install setup test
bazel: build clean coverage query run sync test
buck2: build run test
autoconf: automake: configure: pkg-config: conan: create install
vcpkg: install list
mvn: clean compile deploy exec install package site test validate verify
mvnw: clean compile deploy install package test verify
gradle: assemble build check clean dependencies publish run tasks test
gradlew: assemble assembleDebug assembleRelease build check clean connectedAndroidTest lint publish run tasks test
java: javac: jar: kotlinc: ktlint: scala: sbt: assembly clean compile package run test
mill: lein: repl run test uberjar
clj: dotnet: add build clean ef format list new nuget pack publish remove restore run test tool
msbuild: nuget: install pack push restore
swift: build package run test
swiftc: swiftlint: swiftformat: xcodebuild: archive build clean test
xcrun: simctl pod: install update
flutter: analyze build clean create doctor pub run test
dart: analyze compile fix format pub run test
adb: devices install logcat shell
ruby: gem: build install list push uninstall update
bundle: add check exec install list outdated show update
bundler: rake: rails: console db generate new routes runner server test
rspec: rubocop: irb: php: composer: dump-autoload global install outdated remove require show update validate
artisan: phpunit: pest: phpstan: analyse
psalm: perl: cpan: lua: luarocks: install
luacheck: stylua: elixir: iex: mix: compile credo deps dialyzer ecto format phx.server release run test
erl: rebar3: compile ct eunit
ghc: ghci: cabal: build install repl run test
stack: build exec ghci test
ocaml: dune: build exec fmt runtest test
opam: install switch update
zig: build fmt run test
nim: nimble: build install test
crystal: build run spec
julia: Rscript: R: octave: gnuplot: matlab:
nix: build develop eval flake fmt profile repl run shell
nix-build: nix-shell: nixos-rebuild: home-manager: build switch
terraform: apply destroy fmt import init output plan providers refresh show state taint validate workspace
tofu: apply destroy fmt init output plan state validate
terragrunt: apply destroy init plan
pulumi: config destroy preview refresh stack up
ansible: ansible-playbook: ansible-galaxy: collection install role
ansible-vault: packer: build init validate
vagrant: destroy halt provision ssh status up
docker: attach build buildx commit compose container context cp create diff exec export history image images import
 info inspect kill load login logout logs network pause port ps pull push restart rm rmi run save search stack start
 stats stop swarm system tag top update version volume wait
docker-compose: build config down exec images logs ps pull push restart rm run start stop top up
podman: build compose container cp exec image images inspect logs network pod ps pull push rm rmi run start stop
 system volume
buildah: skopeo: copy inspect
kubectl: annotate api-resources apply attach auth autoscale cluster-info config cordon cp create delete describe diff
 drain edit exec explain expose get kustomize label logs patch port-forward proxy rollout run scale set taint top
 uncordon version wait
helm: create dependency get history install lint list package pull push repo rollback search show status template
 test uninstall upgrade
kustomize: build edit
k9s: kind: create delete get load
minikube: delete start status stop
skaffold: build debug dev run
argocd: app cluster login repo
flux: bootstrap get reconcile
istioctl: oc: apply create delete describe get login logs new-app project
aws: cloudformation cloudfront cloudwatch cognito-idp configure dynamodb ec2 ecr ecs eks elasticache elbv2 events iam
 kms lambda logs rds route53 s3 s3api secretsmanager ses sns sqs ssm sso stepfunctions sts
sam: build deploy init local package validate
cdk: bootstrap deploy destroy diff synth
eksctl: create delete get
gcloud: app auth builds compute config container dataflow deploy functions iam info init logging projects pubsub run
 secrets services sql storage
gsutil: cp ls mb mv rb rm rsync
bq: load ls query show
az: account acr ad aks appservice cosmosdb deployment functionapp group keyvault login network role sql storage vm
 webapp
doctl: apps auth compute databases kubernetes registry
heroku: addons apps config create logs open pg ps releases run
flyctl: apps deploy logs secrets ssh status
fly: apps deploy logs secrets ssh status
railway: deploy link login logs run up
supabase: db functions gen init link login migration start status stop
stripe: listen login trigger
vault: auth kv list login operator policy read secrets server status token unseal write
consul: agent kv members
nomad: agent job node status
op: item read run signin vault
pass: edit generate insert ls show
gpg: age: sops: openssl: dgst enc genrsa pkcs12 rand req rsa s_client verify x509
ssh-keygen: ssh-add: ssh-copy-id: certbot: certonly renew
htpasswd: mysql: mysqldump: mariadb: psql: pg_dump: pg_restore: createdb: dropdb: sqlite3: sqlite-utils: duckdb:
redis-cli: redis-server: mongosh: mongo: mongodump: mongorestore: clickhouse: clickhouse-client: cqlsh: influx:
kafka-topics: rabbitmqctl: etcdctl: del get put
sqlcmd: sqlplus: flyway: clean info migrate repair validate
liquibase: rollback status update
systemctl: daemon-reload disable enable is-active list-units restart reload start status stop
service: journalctl: launchctl: crontab: at: dmesg: mount: umount: lsblk: fdisk: blkid: useradd: usermod: groupadd:
passwd: apt: autoremove install list purge remove search show update upgrade
apt-get: autoremove clean install purge remove update upgrade
apt-cache: policy search show
dpkg: yum: install list remove search update
dnf: install list remove search update
rpm: pacman: apk: add del info search update upgrade
zypper: install remove search
snap: install list remove
flatpak: install list run
brew: bundle cleanup doctor info install link list outdated reinstall search services tap uninstall update upgrade
port: install
winget: install list search upgrade
choco: install list upgrade
scoop: install list update
powershell: pwsh: cmd: iptables: ufw: allow deny enable status
nginx: caddy: fmt reload run validate
apachectl: traceroute: mtr: whois: nmap: tcpdump: iperf3: http: https: httpie: grpcurl: websocat: ab: wrk: k6: run
hey: vegeta: attack report
locust: ffmpeg: ffprobe: convert: magick: identify: exiftool: pandoc: pdftotext: pdflatex: latexmk: typst: compile
 watch
dot: mmdc: protoc: buf: breaking build format generate lint
flatc: capnp: compile
shellcheck: shfmt: hadolint: yamllint: markdownlint: codespell: vale: actionlint: semgrep: ci scan
trivy: fs image scan
snyk: monitor test
sonar-scanner: codecov: act: code: cursor: tmux: attach has-session kill-session list-panes list-sessions ls
 new-session send-keys
screen: asciinema: opencode: agent auth debug export github import mcp models run serve session stats upgrade web
opencode-tui: alerts check guard session sessions status sync today usage watch
claude: codex: gemini: aider: ollama: list ps pull run serve show
llm: hf: huggingface-cli: download login upload
"""

_MODULES = """
alembic black build compileall cProfile coverage django ensurepip flake8 flask http.server ipykernel isort json.tool
mkdocs mypy nox pdb pip piptools poetry pre_commit py_compile pydoc pylint pyright pytest ruff sphinx timeit tox twine
unittest uvicorn venv virtualenv webbrowser zipapp
"""

_SCRIPTS = """
audit build bundle check ci clean compile coverage deploy dev docs e2e fmt format generate lint migrate preview release
serve setup start storybook style stylelint test tests tsc type-check typecheck types unit validate verify watch
"""

NAMED_SCRIPTS = frozenset(_SCRIPTS.split())
"""The scripts of a package.json that may be named, after `npm run` and the like."""

MODULES = frozenset(_MODULES.split())
"""What `python -m` may be seen to run."""

PYTHONS = frozenset({"python", "python2", "python3", "py", "pypy", "pypy3"})


def _parsed(text: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    program = ""
    for word in text.split():
        if word.endswith(":"):
            program = word[:-1]
            found.setdefault(program, set())
        else:
            found[program].add(word)
    return {name: frozenset(words) for name, words in found.items()}


PROGRAMS = _parsed(_KNOWN)
"""Subcommands that may be named, by program."""
