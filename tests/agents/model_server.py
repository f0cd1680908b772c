"""A model server on loopback for the tests of real agents: it speaks the wires of the providers, with
streaming and tool calls, and what it "thinks" is a script. No model, no network, no key.

    server = ModelServer()
    server.script = lambda turn: Say("done") if turn.results else Shell("echo 2 > value.txt")
    server.fault = Fault(status=429, retry_after=7)      # instead of an answer, until it is None again
"""
import http.server
import itertools
import json
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Say:
    """The last words of a turn."""
    text: str


@dataclass
class Shell:
    """A call of the agent's own shell tool."""
    command: str


@dataclass
class Turn:
    """A request for an answer."""
    wire: str                   # "messages", "responses" or "chat"
    model: str
    prompts: list               # what the user said, as texts
    results: list               # of tools that were called so far, as texts
    tools: list                 # names
    key: str = ""               # that came with it


@dataclass
class Fault:
    status: int = 0             # answered with the provider's error shape; 0: see below
    retry_after: int = 0        # seconds; 0: not said
    drop: bool = False          # the stream begins and breaks off
    hang: bool = False          # nothing ever comes
    error: str = ""             # the provider's kind of error; empty: as the status says
    message: str = "no more for now, says the scripted provider"


KINDS = {400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
         429: "rate_limit_error", 500: "api_error", 529: "overloaded_error"}
# Of every answer.
INPUT_TOKENS, CACHED_TOKENS, OUTPUT_TOKENS = 1000, 200, 50


def text_of(content):
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" if isinstance(part, dict) else str(part) for part in content)


def read_messages(body):
    prompts, results = [], []
    for message in body.get("messages", []):
        content = message.get("content")
        if message.get("role") != "user":
            continue
        if isinstance(content, str):
            prompts.append(content)
            continue
        for block in content or []:
            if block.get("type") == "text":
                prompts.append(block["text"])
            elif block.get("type") == "tool_result":
                results.append(text_of(block.get("content")))
    return prompts, results, [tool.get("name", "") for tool in body.get("tools") or []]


def read_chat(body):
    prompts, results = [], []
    for message in body.get("messages", []):
        if message.get("role") == "user":
            prompts.append(text_of(message.get("content")))
        elif message.get("role") == "tool":
            results.append(text_of(message.get("content")))
    return prompts, results, [tool["function"]["name"] for tool in body.get("tools") or []]


def read_responses(body):
    prompts, results = [], []
    for item in body.get("input", []):
        if item.get("type", "message") == "message" and item.get("role") == "user":
            prompts.append(text_of(item.get("content")))
        elif item.get("type", "").endswith("_call_output"):
            output = item.get("output")
            results.append(output if isinstance(output, str) else json.dumps(output))
    return prompts, results, [tool.get("name") or tool.get("type", "") for tool in body.get("tools") or []]


READERS = {"messages": read_messages, "responses": read_responses, "chat": read_chat}


def shell_call(tools, command):
    """The name and the input of the shell tool that the agent offers."""
    if "Bash" in tools:
        return "Bash", {"command": command, "description": "change it"}
    if "exec_command" in tools:
        return "exec_command", {"cmd": command}
    if "shell_command" in tools:
        return "shell_command", {"command": command}
    if "shell" in tools:
        return "shell", {"command": ["sh", "-c", command]}
    if "bash" in tools:
        return "bash", {"command": command, "description": "change it"}
    raise ValueError(f"no shell among the tools {tools}")


def stream_messages(turn, action, number):
    def event(name, **fields):
        return name, {"type": name, **fields}
    usage = {"input_tokens": INPUT_TOKENS - CACHED_TOKENS, "cache_creation_input_tokens": 0,
             "cache_read_input_tokens": CACHED_TOKENS, "output_tokens": 1}
    yield event("message_start", message={"id": f"msg_{number}", "type": "message", "role": "assistant", "model": turn.model,
                                          "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage})
    if isinstance(action, Shell):
        name, fields = shell_call(turn.tools, action.command)
        yield event("content_block_start", index=0, content_block={"type": "tool_use", "id": f"toolu_{number}",
                                                                   "name": name, "input": {}})
        yield event("content_block_delta", index=0, delta={"type": "input_json_delta", "partial_json": json.dumps(fields)})
    else:
        yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": action.text})
    yield event("content_block_stop", index=0)
    yield event("message_delta", delta={"stop_reason": "tool_use" if isinstance(action, Shell) else "end_turn",
                                        "stop_sequence": None}, usage={"output_tokens": OUTPUT_TOKENS})
    yield event("message_stop")


def stream_responses(turn, action, number):
    def event(name, **fields):
        return name, {"type": name, **fields}
    response = {"id": f"resp_{number}", "object": "response", "created_at": 0, "model": turn.model, "status": "in_progress",
                "output": [], "usage": None}
    yield event("response.created", response=response)
    if isinstance(action, Shell):
        name, fields = shell_call(turn.tools, action.command)
        item = {"type": "function_call", "id": f"fc_{number}", "call_id": f"call_{number}", "name": name,
                "arguments": json.dumps(fields), "status": "completed"}
    else:
        item = {"type": "message", "id": f"msg_{number}", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": action.text, "annotations": []}]}
    yield event("response.output_item.added", output_index=0, item=item)
    yield event("response.output_item.done", output_index=0, item=item)
    usage = {"input_tokens": INPUT_TOKENS, "input_tokens_details": {"cached_tokens": CACHED_TOKENS},
             "output_tokens": OUTPUT_TOKENS, "output_tokens_details": {"reasoning_tokens": 0},
             "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS}
    yield event("response.completed", response={**response, "status": "completed", "output": [item], "usage": usage})


def stream_chat(turn, action, number):
    def chunk(delta, reason=None, **more):
        return None, {"id": f"chat_{number}", "object": "chat.completion.chunk", "created": 0, "model": turn.model,
                      "choices": [{"index": 0, "delta": delta, "finish_reason": reason}], **more}
    yield chunk({"role": "assistant", "content": ""})
    if isinstance(action, Shell):
        name, fields = shell_call(turn.tools, action.command)
        yield chunk({"tool_calls": [{"index": 0, "id": f"call_{number}", "type": "function",
                                     "function": {"name": name, "arguments": json.dumps(fields)}}]})
    else:
        yield chunk({"content": action.text})
    yield chunk({}, "tool_calls" if isinstance(action, Shell) else "stop")
    yield None, {"id": f"chat_{number}", "object": "chat.completion.chunk", "created": 0, "model": turn.model, "choices": [],
                 "usage": {"prompt_tokens": INPUT_TOKENS, "completion_tokens": OUTPUT_TOKENS,
                           "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS,
                           "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS}}}


STREAMS = {"messages": stream_messages, "responses": stream_responses, "chat": stream_chat}
ENDINGS = {"/messages": "messages", "/responses": "responses", "/chat/completions": "chat"}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, fields, headers=()):
        body = json.dumps(fields).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(200, {"object": "list", "data": [], "models": []})

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_POST(self):
        model_server = self.server.model_server
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        path = self.path.split("?")[0]
        if path.endswith("/count_tokens"):
            return self.answer(200, {"input_tokens": INPUT_TOKENS})
        wire = next((wire for ending, wire in ENDINGS.items() if path.endswith(ending)), None)
        if wire is None:
            return self.answer(404, {"error": {"type": "not_found_error", "message": path}})
        prompts, results, tools = READERS[wire](body)
        key = self.headers.get("x-api-key") or (self.headers.get("authorization") or "").removeprefix("Bearer ")
        turn = Turn(wire, body.get("model", ""), prompts, results, tools, key)
        model_server.turns.append(turn)
        if model_server.fault is not None and not self.fail(model_server.fault, wire):
            return None
        action = model_server.script(turn)
        self.stream(STREAMS[wire](turn, action, next(model_server.numbers)), wire, model_server.fault)
        return None

    def fail(self, fault, wire):
        """Whether to go on and stream all the same, to break off there."""
        if fault.hang:
            self.server.model_server.released.wait(600)
            self.close_connection = True
            return False
        if fault.drop:
            return True
        kind = fault.error or KINDS.get(fault.status, "api_error")
        fields = {"error": {"type": kind, "code": kind, "message": fault.message}}
        if wire == "messages":
            fields["type"] = "error"
        headers = [("retry-after", str(fault.retry_after))] if fault.retry_after else []
        self.answer(fault.status, fields, headers)
        return False

    def stream(self, events, wire, fault):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        for count, (name, fields) in enumerate(events):
            if fault is not None and count == 1:
                return  # in mid-stream
            lines = (f"event: {name}\n" if name else "") + f"data: {json.dumps(fields)}\n\n"
            self.wfile.write(lines.encode())
            self.wfile.flush()
        if wire == "chat":
            self.wfile.write(b"data: [DONE]\n\n")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass  # agents hang up as they like


class ModelServer:
    def __init__(self, host="127.0.0.1"):
        self.script = lambda turn: Say("nothing to do")
        self.fault = None
        self.turns = []
        self.numbers = itertools.count(1)
        self.released = threading.Event()  # what hangs may end
        self.server = Server((host, 0), Handler)
        self.server.model_server = self
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


if __name__ == "__main__":
    import sys
    server = ModelServer()
    command = "echo 2 > value.txt"
    server.script = lambda turn: Say("I lowered it.") if turn.results else Shell(command)
    if len(sys.argv) > 1:
        server.fault = Fault(**json.loads(sys.argv[1]))
    print(server.port, flush=True)
    while True:
        time.sleep(60)
