"""Logs as sixteen kinds of systems write them, made from a seed: lines with the event they are of.

Every writer has frequent and rare events, events that differ in one word, values that are words,
optional parts, lists of any length, and lines that came later in the life of the system. Nothing is
taken from a real log.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

USERS = [
    "root",
    "admin",
    "alice",
    "bob",
    "carol",
    "guest",
    "oracle",
    "mail",
    "web",
    "deploy",
    "nagios",
    "ftp",
    "operator",
    "test",
]
VERBS = [
    "read",
    "write",
    "sync",
    "probe",
    "flush",
    "verify",
    "rotate",
    "compact",
    "scan",
    "replay",
    "merge",
    "seal",
]
NOUNS = [
    "cache",
    "index",
    "volume",
    "queue",
    "shard",
    "segment",
    "journal",
    "snapshot",
    "tenant",
    "route",
    "lease",
    "token",
]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A line, and the number of its event."""

    text: str
    event: str


class Values:
    """What varies, from one seed."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def one(self, *choices: str) -> str:
        """One of them."""
        return self.random.choice(choices)

    def number(self, most: int = 9999) -> str:
        """A whole number."""
        return str(self.random.randint(0, most))

    def hexes(self, size: int) -> str:
        """Hex digits."""
        return "".join(self.random.choices("0123456789abcdef", k=size))

    def fill(self, template: str) -> str:
        """A template with every `{kind}` filled in, each anew."""
        out: list[str] = []
        rest = template
        while "{" in rest:
            before, _, rest = rest.partition("{")
            kind, _, rest = rest.partition("}")
            out += [before, _KINDS[kind](self)]
        return "".join([*out, rest])


def _word(values: Values) -> str:
    return values.one(*NOUNS) + values.one("", "", "_", "-") + values.one(*VERBS, *NOUNS)


def _list(values: Values) -> str:
    count = values.random.randint(1, 5)
    return ", ".join(_word(values) for _ in range(count))


def _ip(values: Values) -> str:
    return ".".join(str(values.random.randint(1, 254)) for _ in range(4))


def _clock(values: Values) -> str:
    pick = values.random.randint
    return f"{pick(0, 23):02}:{pick(0, 59):02}:{pick(0, 59):02}"


def _path(values: Values) -> str:
    depth = values.random.randint(1, 4)
    return (
        "/"
        + "/".join(_word(values) for _ in range(depth))
        + values.one("", ".log", ".xml", ".so.1")
    )


_KINDS: dict[str, Callable[[Values], str]] = {
    "user": lambda v: v.one(*USERS) if v.random.random() < 0.7 else v.hexes(3) + v.one(*NOUNS),
    "word": _word,
    "noun": lambda v: v.one(*NOUNS),
    "list": _list,
    "ip": _ip,
    "port": lambda v: v.number(65535),
    "n": Values.number,
    "big": lambda v: v.number(10**9),
    "ms": lambda v: f"{v.random.random() * 100:.3f}",
    "hex": lambda v: "0x" + v.hexes(8),
    "digest": lambda v: v.hexes(32),
    "uuid": lambda v: "-".join(v.hexes(n) for n in (8, 4, 4, 4, 12)),
    "block": lambda v: "blk_" + v.one("", "-") + v.number(10**18),
    "path": _path,
    "url": lambda v: f"http://{_word(v)}.example/{_word(v)}?id={v.number()}",
    "host": lambda v: f"{v.one(*NOUNS)}{v.number(40)}.example.org",
    "class": lambda v: f"org.{v.one(*NOUNS)}.{v.one(*VERBS).title()}{v.one(*NOUNS).title()}",
    "text": lambda v: " ".join(_word(v) for _ in range(v.random.randint(1, 6))),
    "clock": _clock,
    "syslog": lambda v: f"{v.one(*MONTHS)} {v.random.randint(1, 28):>2} {_clock(v)}",
    "iso": lambda v: (
        f"2031-0{v.number(8)[:1]}-1{v.number(8)[:1]} {_clock(v)},{v.random.randint(100, 999)}"
    ),
    "isoz": lambda v: f"2031-04-1{v.number(8)[:1]}T{_clock(v)}.{v.random.randint(100, 999)}Z",
    "short": lambda v: f"31/04/1{v.number(8)[:1]} {_clock(v)}",
    "digits": lambda v: f"31040{v.number(8)[:1]} {v.random.randint(100000, 235959)}",
    "web": lambda v: f"[1{v.number(8)[:1]}/{v.one(*MONTHS)}/2031:{_clock(v)} +0200]",
    "method": lambda v: v.one("GET", "POST", "PUT", "DELETE", "HEAD"),
}

SYSTEMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "sshd": ("{syslog} gate sshd[{n}]: ", (
        "Failed password for {user} from {ip} port {port} ssh2",
        "Failed password for invalid user {user} from {ip} port {port} ssh2",
        "Accepted password for {user} from {ip} port {port} ssh2",
        "Invalid user {user} from {ip}", "Connection closed by {ip} [preauth]",
        "Received disconnect from {ip}: 11: Bye Bye [preauth]",
        "pam_unix(sshd:session): session opened for user {user} by (uid={n})",
        "pam_unix(sshd:session): session closed for user {user}",
        "reverse mapping checking getaddrinfo for {host} [{ip}] failed - POSSIBLE ATTACK!",
        "input_userauth_request: invalid user {user} [preauth]",
        "PAM {n} more authentication failures; logname= uid={n} euid=0 tty=ssh ruser= rhost={ip}",
        "Server listening on {ip} port {port}.", "fatal: Read from socket failed: Connection reset",
    )),
    "blocks": ("{digits} {n} INFO fs.Node$Worker: ", (
        "Receiving block {block} src: /{ip}:{port} dest: /{ip}:{port}",
        "Received block {block} of size {big} from /{ip}",
        "PacketResponder {n} for block {block} terminating",
        "Verification succeeded for {block}", "Deleting block {block} file {path}",
        "writeBlock {block} received exception java.io.IOException: Could not read from stream",
        "BLOCK* NameSystem.allocateBlock: {path}. {block}",
        "BLOCK* ask {ip}:{port} to replicate {block} to datanode(s) {ip}:{port}",
        "Served block {block} to /{ip}", "Starting thread to transfer block {block} to {ip}:{port}",
    )),
    "kernel": ("{syslog} combo kernel: ", (
        "CPU{n}: Temperature above threshold, cpu clock throttled (total events = {n})",
        "usb {n}-{n}: new high-speed USB device number {n} using ehci_hcd",
        "EXT4-fs (sda{n}): mounted filesystem with ordered data mode. Opts: (null)",
        "Out of Memory: Killed process {n} ({noun}).", "audit({n}.{n}:{n}): initialized",
        "eth{n}: link up, {n}Mbps, full-duplex", "eth{n}: link down",
        "ACPI: Power Button [PWRF]", "TCP: drop open request from {ip}/{port}",
        "{noun}[{n}]: segfault at {hex} ip {hex} sp {hex} error {n} in {word}[{hex}+{n}]",
    )),
    "web": ("", (
        '{ip} - - {web} "{method} {path} HTTP/1.1" {n} {n}',
        "[{web}] [error] [client {ip}] File does not exist: {path}",
        "[{web}] [notice] caught SIGTERM, shutting down",
        "[{web}] [error] mod_proxy child workerEnv in error state {n}",
        "[{web}] [notice] workerEnv.init() ok {path}",
        "[{web}] [error] [client {ip}] Directory index forbidden by rule: {path}",
    )),
    "scheduler": ("{iso} INFO [main] {class}: ", (
        "Job {uuid} scheduled on host {host} with priority {n}",
        "Job {uuid} finished in {ms} s with status {n}",
        "Job {uuid} failed after {n} attempts: {text}", "Tenant {word} exceeded quota of {n} cores",
        "Tenant {word} paused by {user}", "Loading plugins: {list}", "Heartbeat from {host} missed",
        "Heartbeat from {host} restored after {n} ms", "Rebalancing {n} tasks over {n} workers",
    )),
    "quorum": ("{iso} - INFO  [Peer[myid={n}]/{ip}:{port}:Election@{n}] - ", (
        "Notification time out: {n}", "Received connection request /{ip}:{port}",
        "New election. My id =  {n}, proposed zxid={hex}",
        "Closed socket connection for client /{ip}:{port}, which had sessionid {hex}",
        "Accepted socket connection from /{ip}:{port}",
            "Established session {hex} with timeout {n}",
        "Expiring session {hex}, timeout of {n}ms exceeded", "Snapshotting: {hex} to {path}",
    )),
    "spark": ("{short} INFO executor.Runner: ", (
        "Running task {ms} in stage {ms} (TID {n})", "Finished task {ms} in stage {ms} (TID {n}).",
        "Found block rdd_{n}_{n} locally", "Block broadcast_{n} stored as values in memory",
        "Got assigned task {n}", "Reading broadcast variable {n} took {n} ms",
        "Input split: hdfs://{host}:{port}{path}:{n}+{n}", "Changing view acls to: {list}",
        "Started {n} remote fetches in {n} ms", "Registered signal handlers for [TERM, HUP, INT]",
    )),
    "phone": ("04-1{n} {clock}.{n}  {n}  {n} D WindowManager: ", (
        "acquire lock={n}, flags=0x1, tag=\"{word}\", name={class}, ws=null",
        "release lock={n}, flags=0x0, tag=\"{word}\", name={class}",
        "Skipping AppWindowToken<{hex} token=Token>", "visible is {noun}", "startAnimation begin",
        "setSystemUiVisibility vis={n} mask={n} oldVal={n} newVal={n}",
        "printFreezingDisplayLogs: screen frozen for {n}ms",
    )),
    "cloud": ("{iso} {n} INFO api.server [req-{uuid} {digest} - - -] ", (
        '{ip} "GET /v2/{digest}/servers/detail HTTP/1.1" status: {n} len: {n} time: {ms}',
        "[instance: {uuid}] VM Started (Lifecycle Event)",
        "[instance: {uuid}] VM Stopped (Lifecycle Event)",
        "[instance: {uuid}] Took {ms} seconds to build instance.",
        "[instance: {uuid}] Creating image", "image {uuid} at ({path}): checking",
        "Active base files: {path}", "Total disk: {n} GB, used: {ms} GB",
        "Running instance usage audit for host {host} from {iso} to {iso}. {n} instances.",
    )),
    "rack": ("- {big} 2031.04.1{n} R{n}-M{n}-N{n} RAS KERNEL INFO ", (
        "instruction cache parity error corrected", "generating core.{n}",
        "{n} ddr errors(s) detected and corrected on rank {n}, symbol {n}, bit {n}",
        "CE sym {n}, at {hex}, mask {hex}", "total of {n} ddr error(s) detected and corrected",
        "data TLB error interrupt", "program interrupt: illegal instruction......{n}",
        "ciod: failed to read message prefix on control stream (CioStream socket to {ip}:{port}",
    )),
    "installer": ("2031-04-1{n} {clock}, Info                  CBS    ", (
        "Loaded Servicing Stack v{n}.{n}.{n}.{n} with Core: {path}", "Session: {n}_{n} initialized",
        "Warning: Unrecognized packageExtended attribute.", "Expecting attribute name",
        "Failed to internally open package. [HRESULT = {hex} - CBS_E_INVALID_PACKAGE]",
        "Read out cached package applicability for package: Package_for_{n}~{digest}, state: {n}",
        "SQM: Uploading requested for client {n}", "Ending TrustedInstaller finalization.",
    )),
    "proxy": ("[04.1{n} {clock}] {noun}.exe - ", (
        "{host}:{port} open through proxy {host}:{port} HTTPS",
        "{host}:{port} close, {n} bytes sent, {n} bytes received, lifetime {clock}",
        "{host}:{port} error : Could not connect through proxy {host}:{port} - status code {n}",
        "proxy.{host}:{port} close, {n} bytes ({ms} KB) sent, {n} bytes received, lifetime <1 sec",
    )),
    "health": ("2031041{n}-{clock}:{n}|Step_Counter|{big}|", (
        "onExtend:{n} {n} {n} {n}", "onStandStepChanged {n}", "calculateCalories total={n}",
        "getTodayTotalDetailSteps = {big}##{n}##{n}##{n}", "flush sensor data", "REPORT : {n} {n}",
        "setTodayTotal {noun} = {big}", "screen status unknown, think screen on",
    )),
    "mapper": ("{iso} INFO [IPC Server handler {n} on {port}] {class}: ", (
        "attempt_{n}_{n}_m_{n} TaskAttempt Transitioned from RUNNING to SUCCEEDED",
        "attempt_{n}_{n}_m_{n} TaskAttempt Transitioned from NEW to UNASSIGNED",
        "Progress of TaskAttempt attempt_{n}_{n}_m_{n} is : {ms}",
        "Container container_{n}_{n} assigned to attempt_{n}_{n}_m_{n}",
        "Address change detected. Old: {host}/{ip}:{port} New: {host}:{port}",
        "Retrying connect to server: {host}:{port}. Already tried {n} time(s); policy is {noun}",
        "Error communicating with RM: {text}", "DefaultSpeculator.addSpeculativeAttempt -- {noun}",
    )),
    "desktop": ("{syslog} laptop {class}[{n}]: ", (
        "ARPT: {n}.{n}: wl0: setDISASSOCIATE: Disassociated reason {n}",
        "Thermal pressure state: {n} Memory pressure state: {n}", "AirPort: Link Down on awdl{n}.",
        "AirPort: Link Up on awdl{n}",
        "BuildActDeviceEntry exit", "tcp_connection_destination {n} failed",
        "Captive: [{noun}:{n}] en{n}: Probing '{url}'",
        "Sandbox: {noun}({n}) deny({n}) file-read-data {path}", "unexpected session {uuid}",
    )),
    "builder": ("[{clock}] ", (
        "Compiling {word} v{n}.{n}.{n}", "Downloading {url}", "Downloaded {url} ({n} KB)",
        "task {word}:{noun} UP-TO-DATE", "task {word}:{noun} FAILED",
        "{n} tests completed, {n} failed",
        "warning: unused variable {word} in module {word}",
            "cache hit for {digest}",
        "cache miss for {digest}", "linking {path} with {n} objects", "Finished {noun} in {ms}s",
    )),
}  # fmt: skip
"""By system, what its logger puts before a line, and its events, the frequent first."""


def log(system: str, *, lines: int, seed: int) -> Iterator[Labelled]:
    """Lines of a system; the same for the same seed.

    Args:
        system: a name of `SYSTEMS`.
        lines: how many.
        seed: chooses what varies; an eighth of the events come in the second half only.
    """
    values = Values(f"{seed}:{system}")
    head, events = SYSTEMS[system]
    late = set(values.random.sample(range(len(events)), max(1, len(events) // 8)))
    for number in range(lines):
        early = [n for n in range(len(events)) if n not in late]
        known = early if number * 2 < lines else list(range(len(events)))
        # Zipf: the rarest come a few times in a thousand lines.
        weights = [1 / (1 + n) ** 1.3 for n in known]
        event = values.random.choices(known, weights)[0]
        yield Labelled(values.fill(head + events[event]), f"{system}/{event}")
