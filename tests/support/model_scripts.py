"""What the scripted model server does: one function for each behaviour."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import orjson

from artel.llm.demo_schema import example_of

MODELS: Final = ("scripted", "answer:tokens=60", "tool", "plan", "slow", "hang", "unknown-to-nobody")

_DIRECTIVE: Final = re.compile(r"\[\[(\w+)\s*(.*?)\]\]", re.DOTALL)
_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
)
_GRAPH: Final = re.compile(r"\[\[graph ([\w=-]+)\]\]")
_END: Final = b"0\r\n\r\n"
DONE: Final = b"data: [DONE]\n\n"
_CYRILLIC: Final = re.compile(r"[а-яё]", re.IGNORECASE)
_MARGIN: Final = 0.004

Options = dict[str, str]


@dataclass(frozen=True)
class Request:
    """One request for a completion."""

    body: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def model(self) -> str:
        return self.body["model"]

    @property
    def streams(self) -> bool:
        return bool(self.body.get("stream"))

    @property
    def last_user_text(self) -> str:
        """The text of the last message of the user; pictures are named."""
        for message in reversed(self.body["messages"]):
            if message["role"] == "user":
                content = message["content"]
                if isinstance(content, str):
                    return content
                return " ".join(item.get("text", f"[{item['type']}]") for item in content)
        return ""

    @property
    def last_words(self) -> str:
        """As `last_user_text`, of the last message that is more than the pictures a tool returned."""
        for message in reversed(self.body["messages"]):
            if message["role"] == "user":
                content = message["content"]
                text = content if isinstance(content, str) else " ".join(item.get("text", "") for item in content)
                if text.strip():
                    return text
        return ""

    @property
    def tool_results(self) -> list[str]:
        """What the tools returned since the last answer; the pictures they returned are named."""
        results: list[str] = []
        for message in reversed(self.body["messages"]):
            if message["role"] == "tool":
                results.append(message["content"])
            elif message["role"] == "user" and _is_pictures(message["content"]):
                results.extend("[image_url]" for _ in message["content"])
            else:
                break
        return results[::-1]


def _is_pictures(content: str | list[dict[str, Any]]) -> bool:
    return isinstance(content, list) and all(item["type"] == "image_url" for item in content)


def choose_script(request: Request) -> tuple[str, Options]:
    """The behaviour and its options. An option named `json` takes the rest of a directive as it is.

    The last directive counts: an agent of a team is told its own instruction after everybody else's. A planner sees
    them all and follows none.
    """
    if request.model == "planner":
        return "planner", {}
    for found in reversed(list(_DIRECTIVE.finditer(request.last_words))):
        name, rest = found[1], found[2]
        if name in SCRIPTS:
            if rest.startswith("{"):
                return name, {"json": rest}
            return name, dict(_pairs(rest.split()))
    name, _, rest = request.model.partition(":")
    if name in SCRIPTS:
        return name, dict(_pairs(rest.split(",")))
    return "answer", {}


def _pairs(items: list[str]) -> Iterator[tuple[str, str]]:
    for item in items:
        key, equals, value = item.partition("=")
        if equals:
            yield key, value


class Exchange:
    """One request being answered on a connection."""

    def __init__(self, transport: asyncio.Transport, finished: Callable[[], None]) -> None:
        self.transport = transport
        self._finished = finished
        self._timer: asyncio.TimerHandle | None = None

    def run(self, name: str, request: Request, options: Options, attempt: int) -> None:
        """Starts the behaviour. attempt: how often this was asked for already, this time included."""
        SCRIPTS[name](self, request, options, attempt)

    def hang_up(self) -> None:
        """The client is gone."""
        if self._timer is not None:
            self._timer.cancel()

    def finish(self) -> None:
        """The answer is complete."""
        self._finished()

    def send_json(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        """A whole response."""
        self.send_whole(status, orjson.dumps(body), "application/json", headers)

    def send_whole(self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        """A whole response of any kind."""
        more = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        head = f"HTTP/1.1 {status} Status\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        self.transport.write(head.encode() + body)
        self.finish()

    def send_events(self, *payloads: bytes, end: bool = True) -> None:
        """A streamed response in one write; without `end` it stays open."""
        self.transport.write(_HEAD + b"".join(_chunk(payload) for payload in payloads) + (_END if end else b""))
        if end:
            self.finish()

    def send_slowly(self, pieces: list[bytes], first: float, delay: float, then: Callable[[], None]) -> None:
        """Writes the pieces one by one, then calls `then`; first and delay in seconds."""
        loop = asyncio.get_running_loop()
        last = len(pieces) - 1
        due = loop.time() + first

        def write(number: int) -> None:
            nonlocal due
            if pieces[number]:
                self.transport.write(pieces[number])
            if number == last:
                then()
                return
            due += delay
            # By the clock, not by the wait: a late timer must not slow the whole stream down.
            self._timer = loop.call_at(max(due, loop.time()), write, number + 1)

        self._timer = loop.call_at(due, write, 0)


def _chunk(payload: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(payload), payload)


def _chunks(payloads: list[bytes]) -> bytes:
    return b"".join(_chunk(payload) for payload in payloads)


def event(value: Any) -> bytes:
    """One server-sent event."""
    return b"data: " + orjson.dumps(value) + b"\n\n"


def delta_event(delta: dict[str, Any], finish: str | None = None) -> bytes:
    """A chunk of a completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "model": "scripted",
                  "choices": [choice]})  # fmt: skip


def usage_event(prompt: int, completion: int, cached: int = 0) -> bytes:
    """The last chunk, which counts."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
             "prompt_tokens_details": {"cached_tokens": cached}}  # fmt: skip
    return event({"id": "chatcmpl-scripted", "object": "chat.completion.chunk", "model": "scripted",
                  "choices": [], "usage": usage})  # fmt: skip


@lru_cache(maxsize=64)
def numbered_pieces(tokens: int) -> list[bytes]:
    """The chunks of an answer "w0 w1 w2 ...", ready to write, the closing of the answer included."""
    pieces = [_chunk(delta_event({"content": f"w{number} "})) for number in range(tokens)]
    pieces[0] = _HEAD + pieces[0]
    pieces[-1] += _closing(tokens)
    return pieces


@lru_cache(maxsize=64)
def _numbered_whole(tokens: int) -> bytes:
    return b"".join(numbered_pieces(tokens))


def _closing(tokens: int, finish: str = "stop") -> bytes:
    return _chunk(delta_event({}, finish)) + _chunk(usage_event(12, tokens)) + _chunk(DONE) + _END


def numbered_text(tokens: int) -> str:
    """The text of that answer."""
    return "".join(f"w{number} " for number in range(tokens))


def echo_text(request: Request) -> str:
    """What the plain behaviour answers."""
    said = _DIRECTIVE.sub("", request.last_user_text).strip()
    if results := request.tool_results:
        return f"Tool said: {'; '.join(results)}"
    return f"Вы сказали: {said}" if _CYRILLIC.search(said) else f"You said: {said}"


def _seconds(options: Options, name: str, otherwise: float = 0.0) -> float:
    return float(options.get(name, otherwise)) / 1000


def _words(text: str) -> list[str]:
    return re.findall(r"\S+\s*|\s+", text) or [""]


def _answer(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """tokens=N: that many numbered words; delay_ms, first_ms. Without tokens it repeats what was said."""
    first, delay = _seconds(options, "first_ms"), _seconds(options, "delay_ms")
    if not request.streams:
        _answer_whole(exchange, request, options, attempt)
        return
    if "tokens" in options:
        tokens = int(options["tokens"])
        if not first and not delay:
            exchange.transport.write(_numbered_whole(tokens))
            exchange.finish()
        else:
            exchange.send_slowly(numbered_pieces(tokens), first, delay, exchange.finish)
        return
    words = _words(options.get("text", "").replace("_", " ") or echo_text(request))
    pieces = [_chunk(delta_event({"content": word})) for word in words]
    pieces[0] = _HEAD + pieces[0]
    pieces[-1] += _closing(len(words))
    if not first and not delay:
        exchange.transport.write(b"".join(pieces))
        exchange.finish()
    else:
        exchange.send_slowly(pieces, first, delay, exchange.finish)


def _nul(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """Writes characters that no database takes."""
    exchange.send_events(
        delta_event({"content": "be\0fore "}),
        delta_event({"content": "and \0after"}),
        delta_event({}, "stop"),
        usage_event(3, 2),
        DONE,
    )


def _slow(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """As answer, but 50 ms before each of 40 tokens."""
    _answer(exchange, request, {"tokens": "40", "first_ms": "50", "delay_ms": "50", **options}, attempt)


def _linger(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """Says `text`, then nothing more, though it shows every ten seconds that it is still there."""
    first = _HEAD + _chunk(delta_event({"content": options.get("text", "Wait. ")}))
    exchange.send_slowly([first, *[_chunk(b": still here\n\n")] * 180], 0, 10, exchange.finish)


def _answer_whole(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """The answer in one piece, whatever was asked for."""
    text = numbered_text(int(options["tokens"])) if "tokens" in options else echo_text(request)
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 12, "completion_tokens": len(text.split())}
    exchange.send_json(200, {"id": "chatcmpl-whole", "model": "scripted", "choices": [choice], "usage": usage})


def _tool(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """Calls the first tool, or `name`, with an example of its arguments or the JSON of the directive, in fragments;
    count=2 calls it twice in parallel. Once tools have answered it repeats what they said."""
    tools = [tool["function"] for tool in request.body.get("tools", [])]
    if request.tool_results or not tools:
        _answer(exchange, request, {}, attempt)
        return
    tool = next((tool for tool in tools if tool["name"] == options.get("name")), tools[0])
    arguments = options.get("json") or orjson.dumps(example_of(tool["parameters"], "scripted")).decode()
    events: list[bytes] = []
    for index in range(int(options.get("count", 1))):
        function = {"name": tool["name"], "arguments": ""}
        call = {"index": index, "id": f"call_{index}", "type": "function", "function": function}
        events.append(delta_event({"tool_calls": [call]}))
        for start in range(0, len(arguments), 7):
            fragment = {"index": index, "function": {"arguments": arguments[start : start + 7]}}
            events.append(delta_event({"tool_calls": [fragment]}))
    exchange.send_events(*events, delta_event({}, "tool_calls"), usage_event(20, 10), DONE)


def _plan(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """As tool, but always: for planners, which are asked again after a bad plan."""
    body = {**request.body, "messages": [message for message in request.body["messages"] if message["role"] != "tool"]}
    _tool(exchange, Request(body, request.headers), options, attempt)


def _planner(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """An orchestrator: fills the form of a plan with the next `[[graph BASE64]]` of the conversation's last request,
    one for each time it was asked (the last one again when there are no more), without one with a single task for the
    first of the team; without a form it repeats, slowly if the conversation says [[slowly]]. A first graph "hang" is no
    answer to the first question ever, and then skipped; "[[hang]]" is none whenever its turn comes."""
    tools = [tool["function"] for tool in request.body.get("tools", [])]
    messages = request.body["messages"]
    if not tools:
        slowly = any("[[slowly]]" in str(message.get("content")) for message in messages)
        _answer(exchange, request, {"delay_ms": "40", "tokens": "40"} if slowly else {}, attempt)
        return
    asked = max((place for place, each in enumerate(messages) if _GRAPH.search(str(each.get("content")))), default=None)
    if asked is None:
        _tool(exchange, Request({**request.body, "messages": []}, request.headers), {"json": _one_task(tools)}, attempt)
        return
    graphs = _GRAPH.findall(messages[asked]["content"])
    if base64.urlsafe_b64decode(graphs[0]) == b"hang":
        graphs.pop(0)
        if attempt == 1:
            return
    before = sum(message["role"] == "assistant" for message in messages[asked:])
    # A request that stands behind the user's own message is that for the rest of a run.
    before += sum(message["role"] == "user" for message in messages[asked + 1 :])
    plan = base64.urlsafe_b64decode(graphs[min(before, len(graphs) - 1)]).decode()
    if plan == "[[hang]]":
        _hang(exchange, request, {}, attempt)
    elif plan.startswith("{"):
        _tool(exchange, Request({**request.body, "messages": []}, request.headers), {"json": plan}, attempt)
    else:
        _answer(exchange, request, {"text": plan.replace(" ", "_")}, attempt)


def _one_task(tools: Sequence[Mapping[str, Any]]) -> str:
    [handle, *_] = tools[0]["parameters"]["properties"]["tasks"]["items"]["properties"]["agent"]["enum"]
    return orjson.dumps({"tasks": [{"id": "t1", "agent": handle, "instruction": "Do it.", "depends_on": []}]}).decode()


def _hang(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """Says nothing for ever; head=1 sends the headers first, comments=1 also a comment every 50 ms."""
    if options.get("comments"):
        exchange.send_slowly([_HEAD] + [_chunk(b": busy\n\n")] * 1000, 0.0, 0.05, exchange.finish)
    elif options.get("head"):
        exchange.send_events(end=False)


def _hang_mid(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """Falls silent after `tokens` (3)."""
    exchange.send_events(*_some(options), end=False)


def _cut(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """Breaks the connection `after_ms` (40) after `tokens` (3); clean=1 ends the response in good form, but in the
    middle of the answer."""

    def close() -> None:
        exchange.finish()
        exchange.transport.close()

    clean = bool(options.get("clean"))
    then = exchange.finish if clean else close
    exchange.send_slowly(
        [_HEAD + _chunks(_some(options)), _END if clean else b""], 0.0, _seconds(options, "after_ms", 40), then
    )


def _lingering(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """A whole answer, after which the response is not closed."""
    exchange.send_events(*_some(options), delta_event({}, "stop"), usage_event(1, 3), DONE, end=False)


def _some(options: Options) -> list[bytes]:
    return [delta_event({"content": f"w{number} "}) for number in range(int(options.get("tokens", 3)))]


def _status(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """Answers with `code`; times=N only the first N times; retry_after as it is (underscores are spaces); kind goes
    into the error's code, text into its message."""
    if attempt > int(options.get("times", 1_000_000)):
        _answer(exchange, request, {}, attempt)
        return
    code = int(options.get("code", 500))
    text = options.get("text", f"scripted status {code}").replace("_", " ")
    headers = {"Retry-After": options["retry_after"].replace("_", " ")} if "retry_after" in options else {}
    exchange.send_json(code, {"error": {"message": text, "type": "scripted", "code": options.get("kind")}}, headers)


def _page(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """A web page with `code` (200)."""
    page = b"<!doctype html><html><body>Welcome</body></html>"
    exchange.send_whole(int(options.get("code", 200)), page, "text/html")


def _empty(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """An answer without a word, `times` times if given; `finish` is its finish reason."""
    if attempt > int(options.get("times", 1_000_000)):
        _answer(exchange, request, {}, attempt)
        return
    exchange.send_events(delta_event({"content": ""}, options.get("finish", "stop")), usage_event(5, 0), DONE)


def _garbage(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """Events that are not JSON."""
    exchange.send_events(b"data: {nonsense\n\n", b"data: \xff\xfe\n\n", DONE)


def _huge(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """One token of `mb` megabytes (1)."""
    exchange.send_events(delta_event({"content": "x" * int(float(options.get("mb", 1)) * 2**20)}),
                         delta_event({}, "stop"), DONE)  # fmt: skip


def _refuse(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """The model's refusal."""
    exchange.send_events(delta_event({"refusal": "I cannot help with that."}), delta_event({}, "stop"), DONE)


def _think(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """Thinks, then answers; field=reasoning_content | reasoning | tags."""
    name = options.get("field", "reasoning_content")
    thought = [{"content": "<think>hmm, "}, {"content": "well</think>\n\n"}] if name == "tags" else [
        {name: "hmm, "}, {name: "well"}]  # fmt: skip
    events = [delta_event(delta) for delta in thought]
    events += [delta_event({"content": word}) for word in _words(echo_text(request))]
    exchange.send_events(*events, delta_event({}, "stop"), usage_event(9, 9, cached=4), DONE)


def _error_mid(exchange: Exchange, request: Request, options: Options, attempt: int) -> None:
    """An error inside the stream, `after_ms` (40) after `tokens` (0)."""
    text, code = options.get("text", "scripted_failure").replace("_", " "), int(options.get("code", 502))
    error = _chunk(event({"error": {"message": text, "code": code}})) + _END
    head = _HEAD + _chunks(_some({"tokens": options.get("tokens", "0")}))
    exchange.send_slowly([head, error], 0.0, _seconds(options, "after_ms", 40), exchange.finish)


SCRIPTS: Final[dict[str, Callable[[Exchange, Request, Options, int], None]]] = {
    "answer": _answer,
    "cut": _cut,
    "empty": _empty,
    "error_mid": _error_mid,
    "garbage": _garbage,
    "hang": _hang,
    "hang_mid": _hang_mid,
    "huge": _huge,
    "linger": _linger,
    "lingering": _lingering,
    "nul": _nul,
    "page": _page,
    "plan": _plan,
    "planner": _planner,
    "refuse": _refuse,
    "slow": _slow,
    "status": _status,
    "think": _think,
    "tool": _tool,
    "whole": _answer_whole,
}
