"""Gemini as Google's own client knows it: what we send is what it would, and what our tests play is what it reads."""

import httpx
import orjson
import pytest
from gemini_calls import USER, answer, ask_of, calls, candidate, counts, function, gemini, result, sent, sse, tool
from google import genai
from google.genai import errors, types
from test_gemini_failures import MINUTE, RETRY, error, quota
from test_gemini_streams import RECORDED, WORDS

PNG = "iVBORw0KGgoAAAA="
SIGNATURE = "c2lnbmVkIGJ5IGdvb2dsZQ=="
SCHEMA = {"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]}
WEATHER = tool("weather", description="tells", parameters=SCHEMA)


class Google:
    """The official client on a wire that keeps what it sends and plays *data*."""

    def __init__(self, data=b"{}", status=200, kind="application/json"):
        self.sent = []

        def play(request):
            self.sent.append(request)
            return httpx.Response(status, headers={"content-type": kind}, content=data)

        options = types.HttpOptions(
            base_url="http://127.0.0.1",
            api_version="v1beta",  # its default is v1, which has fewer fields
            httpx_client=httpx.Client(transport=httpx.MockTransport(play)),
        )
        self.client = genai.Client(api_key="k", vertexai=False, http_options=options)

    @property
    def body(self):
        return orjson.loads(self.sent[-1].content)


def theirs(contents, **config):
    """What the official client sends."""
    google = Google(orjson.dumps(answer(candidate("x"))))
    google.client.models.generate_content(
        model="gemini-3.8-flash", contents=contents, config=types.GenerateContentConfig(**config)
    )
    return google


CASES = {
    "text": (
        {"messages": [{"role": "system", "content": "S"}, USER], "max_tokens": 5, "seed": 3, "stop": "x", "n": 2},
        {
            "contents": [types.UserContent("hi")],
            "system_instruction": types.Content(parts=[types.Part(text="S")]),
            "max_output_tokens": 5,
            "seed": 3,
            "stop_sequences": ["x"],
            "candidate_count": 2,
        },
    ),
    "thinking": (
        {"messages": [USER], "reasoning_effort": "high"},
        {
            "contents": [types.UserContent("hi")],
            "thinking_config": {"include_thoughts": True, "thinking_level": "high"},
        },
    ),
    "json": (
        {
            "messages": [USER],
            "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}},
        },
        {
            "contents": [types.UserContent("hi")],
            "response_mime_type": "application/json",
            "response_json_schema": SCHEMA,
        },
    ),
    "tools": (
        {
            "messages": [
                USER,
                calls(
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"a":"b"}'},
                        "extra_content": {"google": {"thought_signature": SIGNATURE}},
                    }
                ),
                result("c1", '{"t":17}'),
            ],
            "tools": [WEATHER],
            "tool_choice": {"type": "function", "function": {"name": "weather"}},
        },
        {
            "contents": [
                types.UserContent("hi"),
                types.ModelContent(
                    types.Part(
                        function_call=types.FunctionCall(id="c1", name="weather", args={"a": "b"}),
                        thought_signature=b"signed by google",
                    )
                ),
                types.UserContent(
                    types.Part(function_response=types.FunctionResponse(id="c1", name="weather", response={"t": 17}))
                ),
            ],
            "tools": [
                types.Tool(
                    function_declarations=[
                        types.FunctionDeclaration(name="weather", description="tells", parameters_json_schema=SCHEMA)
                    ]
                )
            ],
            "tool_config": types.ToolConfig(
                function_calling_config=types.FunctionCallingConfig(mode="ANY", allowed_function_names=["weather"])
            ),
        },
    ),
    "an image": (
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}}
                    ],
                }
            ]
        },
        {
            "contents": [
                types.UserContent(
                    types.Part(
                        inline_data=types.Blob(mime_type="image/png", data=b"\x89PNG\r\n\x1a\n\x00\x00\x00"),
                        media_resolution=types.PartMediaResolution(level="MEDIA_RESOLUTION_LOW"),
                    )
                )
            ]
        },
    ),
    "a search": (
        {"messages": [USER], "web_search_options": {}, "service_tier": "flex"},
        {
            "contents": [types.UserContent("hi")],
            "tools": [types.Tool(google_search=types.GoogleSearch())],
            "service_tier": "flex",
        },
    ),
    "probabilities": (
        {"messages": [USER], "logprobs": True, "top_logprobs": 2},
        {"contents": [types.UserContent("hi")], "response_logprobs": True, "logprobs": 2},
    ),
    "a voice": (
        {"messages": [USER], "modalities": ["audio"], "audio": {"voice": "Kore", "format": "wav"}},
        {
            "contents": [types.UserContent("hi")],
            "response_modalities": ["AUDIO"],
            "speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}}},
        },
    ),
}


def plain(value):
    """Without what differs in spelling only: Google reads names in snake and in camel case, and enums in any case."""
    if isinstance(value, dict):
        return {camel(name): plain(one) for name, one in value.items() if one != {} or name != "generationConfig"}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.lower() if value in {"HIGH", "FLEX"} else value


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))


@pytest.mark.covers("google", "text", "tools", "tool loop", "image", "json_schema", "reasoning", "stop")
@pytest.mark.parametrize(("body", "config"), CASES.values(), ids=CASES.keys())
def test_we_send_what_the_official_client_sends(body, config):
    google = theirs(**config)

    assert plain(google.body) == plain(sent(**body))


def test_we_send_it_to_the_same_place():
    google = theirs([types.UserContent("hi")])
    request = google.sent[0]

    assert request.url.path == gemini().encode(ask_of(messages=[USER])).path
    assert "k" == request.headers["x-goog-api-key"]


FULL = {
    "messages": [
        {"role": "system", "content": "S"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]},
        calls(("c1", "weather"), ("c2", "2 fast")),
        result("c2", [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]),
        result("c1"),
    ],
    "tools": [WEATHER, tool("2 fast"), {"type": "custom", "custom": {"name": "sh"}}],
    "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [tool("weather")]}},
    "web_search_options": {},
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}},
    "reasoning_effort": "low",
    "temperature": 0.5,
    "top_p": 0.5,
    "presence_penalty": 1,
    "logprobs": True,
    "service_tier": "flex",
}


@pytest.mark.parametrize("model", ["gemini-3.8-flash", "gemini-4-argon", "unheard-of"])
def test_every_part_of_a_request_is_one_that_the_official_client_knows(model):
    body = orjson.loads(gemini(safety="BLOCK_NONE").encode(ask_of(model, **FULL)).body)

    for content in [*body["contents"], body["systemInstruction"]]:
        types.Content.model_validate(content)
    for one in body["tools"]:
        types.Tool.model_validate(one)
    for one in body["safetySettings"]:
        types.SafetySetting.model_validate(one)
    types.ToolConfig.model_validate(body["toolConfig"])
    types.GenerationConfig.model_validate(body["generationConfig"])
    types.ServiceTier(body["serviceTier"])


def test_older_schemas_are_ones_that_the_official_client_knows():
    body = sent("gemini-2.0-flash", messages=[USER], tools=[WEATHER])

    types.Schema.model_validate(body["tools"][0]["functionDeclarations"][0]["parameters"])


ANSWERS = {
    "everything": answer(
        candidate(
            {"text": "plan", "thought": True},
            "answer",
            function("f", {"a": 1}, id="c1", thoughtSignature=SIGNATURE),
            {"inlineData": {"mimeType": "image/png", "data": PNG}},
            {"executableCode": {"language": "PYTHON", "code": "1"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
            {"toolCall": {"id": "t", "toolType": "GOOGLE_SEARCH_WEB"}},
            {"toolResponse": {"id": "t", "toolType": "GOOGLE_SEARCH_WEB"}},
            index=0,
            groundingMetadata={
                "groundingChunks": [{"web": {"uri": "https://a.example", "title": "A"}}],
                "groundingSupports": [{"segment": {"endIndex": 7, "text": "Größe"}, "groundingChunkIndices": [0]}],
                "webSearchQueries": ["q"],
            },
            logprobsResult={
                "chosenCandidates": [{"token": "x", "tokenId": 1, "logProbability": -1}],
                "topCandidates": [{"candidates": [{"token": "x", "logProbability": -1}]}],
            },
        ),
        usageMetadata=counts(
            100,
            10,
            145,
            thoughtsTokenCount=30,
            toolUsePromptTokenCount=5,
            cachedContentTokenCount=40,
            promptTokensDetails=[{"modality": "AUDIO", "tokenCount": 60}],
            cacheTokensDetails=[{"modality": "AUDIO", "tokenCount": 1}],
            candidatesTokensDetails=[{"modality": "IMAGE", "tokenCount": 5}],
        ),
    ),
    "a blocked prompt": {
        "promptFeedback": {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "no"},
        "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 9},
    },
    "a failure": answer(candidate(reason="MALFORMED_FUNCTION_CALL", finishMessage="no")),
}


@pytest.mark.parametrize("given", ANSWERS.values(), ids=ANSWERS.keys())
def test_the_answers_that_we_play_are_googles(given):
    google = Google(orjson.dumps(given))

    read = google.client.models.generate_content(model="m", contents="hi")

    assert len(given.get("candidates", [])) == len(read.candidates or [])


def test_the_stream_that_we_play_is_googles():
    google = Google(sse(*WORDS), kind="text/event-stream")

    read = list(google.client.models.generate_content_stream(model="m", contents="hi"))

    assert "Hello ä€😀 \u2028!" == "".join(one.text for one in read)
    assert "/v1beta/models/m:streamGenerateContent?alt=sse" == google.sent[0].url.raw_path.decode()
    for one in RECORDED:
        for part in one["candidates"][0]["content"]["parts"]:
            types.Part.model_validate(
                {**part, **({"thoughtSignature": SIGNATURE} if "thoughtSignature" in part else {})}
            )


def test_the_errors_that_we_play_are_googles():
    google = Google(orjson.dumps(error(429, "RESOURCE_EXHAUSTED", "m", quota(MINUTE), RETRY)), status=429)

    with pytest.raises(errors.ClientError) as raised:
        google.client.models.generate_content(model="m", contents="hi")

    assert (429, "RESOURCE_EXHAUSTED", "m") == (raised.value.code, raised.value.status, raised.value.message)


def test_embeddings_are_asked_for_as_the_official_client_does():
    google = Google(orjson.dumps({"embeddings": [{"values": [1.5]}, {"values": [2]}]}))

    read = google.client.models.embed_content(
        model="gemini-embedding-001", contents=["a", "b"], config={"output_dimensionality": 8}
    )

    ours = gemini().encode(ask_of("gemini-embedding-001", endpoint="embeddings", input=["a", "b"], dimensions=8))
    theirs = google.body
    for one in theirs["requests"]:
        del one["content"]["role"]  # which nobody reads here
    assert theirs == orjson.loads(ours.body)
    assert google.sent[0].url.path == ours.path
    assert [[1.5], [2]] == [one.values for one in read.embeddings]


def test_models_are_listed_as_the_official_client_does():
    google = Google(orjson.dumps({"models": [{"name": "models/m", "supportedGenerationMethods": ["generateContent"]}]}))

    read = list(google.client.models.list(config={"page_size": 1000}))

    assert google.sent[0].url.raw_path.decode() == gemini().listing.path
    assert ["models/m"] == [one.name for one in read]
