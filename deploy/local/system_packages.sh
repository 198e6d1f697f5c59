#!/bin/sh
# Has the system's packages that Cousu-main needs: with "run" those of `make run`, with "test" Chromium, promtool and clamd too.
# Installs only what is missing, with apt, and starts no service: our RabbitMQ is a private node of our own.
set -eu

missing=
needs() { missing="$missing $*"; }

if [ -z "${AMQP_URL:-}" ] || [ "${1:-run}" = test ]; then
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || command -v rabbitmq-server >/dev/null || needs rabbitmq-server
fi
command -v node >/dev/null || needs nodejs
command -v npm >/dev/null || needs npm
command -v setpriv >/dev/null || needs util-linux
PATH="$PATH:/sbin:/usr/sbin" ldconfig -p | grep -q 'libpangoft2-1\.0\.so\.0' || needs libpango-1.0-0 libpangoft2-1.0-0
PATH="$PATH:/sbin:/usr/sbin" ldconfig -p | grep -q 'libharfbuzz-subset\.so\.0' || needs libharfbuzz-subset0
if [ "${1:-run}" = test ]; then
    command -v chromium >/dev/null || needs chromium
    command -v promtool >/dev/null || needs prometheus
    command -v clamd >/dev/null || needs clamav-daemon
fi

if [ -n "$missing" ]; then
    install="apt-get install --yes --no-install-recommends$missing"
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        as_root=sudo
        command -v sudo >/dev/null || { echo "Missing:$missing. Install them as root: $install" >&2; exit 1; }
    fi
    command -v apt-get >/dev/null || { echo "Missing:$missing. Install them with your system's package manager." >&2; exit 1; }
    echo "Installing$missing"
    # While apt works, a policy forbids it to start what it installs, unless the machine has a policy already.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
        $as_root chmod 755 "$policy"
        trap '$as_root rm -f "$policy"' EXIT
    fi
    $as_root env DEBIAN_FRONTEND=noninteractive $install || {
        $as_root apt-get update
        $as_root env DEBIAN_FRONTEND=noninteractive $install || {
            echo "apt could not install:$missing. Try it yourself: $as_root $install" >&2
            exit 1
        }
    }
    case "$missing" in
    *rabbitmq-server*) # nor does it start at the next boot because of us
        if [ -d /run/systemd/system ]; then $as_root systemctl disable --quiet rabbitmq-server; fi ;;
    esac
    case "$missing" in
    *prometheus*) # of which only promtool is wanted
        if [ -d /run/systemd/system ]; then $as_root systemctl disable --quiet prometheus; fi ;;
    esac
    case "$missing" in
    *clamav-daemon*) # of which only clamd is wanted: tests start one of their own
        if [ -d /run/systemd/system ]; then $as_root systemctl disable --quiet clamav-daemon clamav-freshclam; fi ;;
    esac
fi

node_major=$(node --version | sed 's/^v\([0-9]*\).*/\1/')
[ "$node_major" -ge 20 ] || {
    echo "Node.js 20 or later is needed, and this is $(node --version). Debian 13 has it: sudo apt-get install nodejs" >&2
    exit 1
}
rabbit=$(ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-* 2>/dev/null | sed 's/.*rabbitmq_server-//' | sort -V | tail -n 1)
case "$rabbit" in
[123].*)
    echo "RabbitMQ 4.0 or later is needed, and this is $rabbit. Debian 13 has it; or use another broker: AMQP_URL=amqp://… make run" >&2
    exit 1 ;;
esac
