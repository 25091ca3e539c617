/* The answers of the benchmarks' provider in the dialects that Switchyard translates, and in OpenAI's own.
 *
 * Events are shaped as the providers really send them, down to what some of them add so that nobody can guess
 * words by the length of packets: blanks (Anthropic), `p` (Bedrock), `obfuscation` (OpenAI's Responses).
 */
#define _GNU_SOURCE
#include "answers.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MODEL "mock-model"
#define SPREAD(turn, most) ((int)((turn) * 7919 % ((most) + 1)))   /* lengths that look like chance */

static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
static const char BLANKS[] = "                ";

static size_t chunk(char *o, const char *data, size_t n) {
    size_t k = sprintf(o, "%zx\r\n", n);
    memcpy(o + k, data, n);
    memcpy(o + k + n, "\r\n", 3);
    return k + n + 2;
}
__attribute__((format(printf, 2, 3))) static size_t told(char *o, const char *format, ...) {
    char t[4096];
    va_list more; va_start(more, format);
    int n = vsnprintf(t, sizeof t, format, more);
    va_end(more);
    return chunk(o, t, n);
}
static size_t over(char *o) { return sprintf(o, "0\r\n\r\n"); }

/* ---- OpenAI: chat completions ---- */
#define CHUNK "data: {\"id\":\"chatcmpl-mock0123456789\",\"object\":\"chat.completion.chunk\",\"created\":1700000000," \
    "\"model\":\"" MODEL "\",\"system_fingerprint\":\"fp_mock\","
#define CHOICE(delta, reason) \
    CHUNK "\"choices\":[{\"index\":0,\"delta\":" delta ",\"logprobs\":null,\"finish_reason\":" reason "}]}\n\n"

static size_t openai_first(char *o) { return told(o, CHOICE("{\"role\":\"assistant\",\"content\":\"\"}", "null")); }
static size_t openai_content(char *o, const char *text, long turn) {
    (void)turn;
    return told(o, CHOICE("{\"content\":\"%s\"}", "null"), text);
}
static size_t openai_last(char *o, long n) {
    size_t k = told(o, CHOICE("{}", "\"stop\""));
    k += told(o + k, CHUNK "\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":%ld,\"total_tokens\":%ld}}\n\n",
              n, n + 9);
    k += told(o + k, "data: [DONE]\n\n");
    return k + over(o + k);
}
static int openai_whole(char *o, const char *text) {
    return sprintf(o, "{\"id\":\"chatcmpl-mock0123456789\",\"object\":\"chat.completion\",\"created\":1700000000,"
        "\"model\":\"" MODEL "\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\",\"refusal\":null},"
        "\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":12,\"total_tokens\":21,"
        "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0}},\"system_fingerprint\":\"fp_mock\"}", text);
}

/* ---- OpenAI: responses ---- */
#define RESPONSE "\"id\":\"resp_mock0123456789\",\"object\":\"response\",\"created_at\":1700000000,\"model\":\"" MODEL "\"," \
    "\"parallel_tool_calls\":true,\"tool_choice\":\"auto\",\"tools\":[],\"error\":null,\"incomplete_details\":null"
#define ITEM(status, content) "{\"id\":\"msg_mock0123456789\",\"type\":\"message\",\"status\":\"" status "\"," \
    "\"content\":[" content "],\"role\":\"assistant\"}"
#define PART(text) "{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\"" text "\"}"
#define PLACE "\"content_index\":0,\"item_id\":\"msg_mock0123456789\",\"output_index\":0"
#define TOKENS "{\"input_tokens\":9,\"input_tokens_details\":{\"cache_write_tokens\":0,\"cached_tokens\":0},\"output_tokens\":%ld," \
    "\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":%ld}"
#define RESPONSE_EVENT(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"," rest "}\n\n"
#define UNDER_WAY(type, number) RESPONSE_EVENT(type, \
    "\"response\":{" RESPONSE ",\"status\":\"in_progress\",\"output\":[],\"usage\":null},\"sequence_number\":" number)

static size_t responses_first(char *o) {
    size_t k = told(o, UNDER_WAY("response.created", "0"));
    k += told(o + k, UNDER_WAY("response.in_progress", "1"));
    k += told(o + k, RESPONSE_EVENT("response.output_item.added",
        "\"item\":" ITEM("in_progress", "") ",\"output_index\":0,\"sequence_number\":2"));
    return k + told(o + k, RESPONSE_EVENT("response.content_part.added",
        PLACE ",\"part\":" PART("") ",\"sequence_number\":3"));
}
static size_t responses_content(char *o, const char *text, long turn) {
    return told(o, RESPONSE_EVENT("response.output_text.delta",
        "\"content_index\":0,\"delta\":\"%s\",\"item_id\":\"msg_mock0123456789\",\"logprobs\":[],\"obfuscation\":\"%.*s\","
        "\"output_index\":0,\"sequence_number\":%ld"), text, 16 - SPREAD(turn, 12), ALPHABET + turn % 40, turn + 4);
}
static size_t responses_last(char *o, long n) {
    size_t k = told(o, RESPONSE_EVENT("response.output_text.done", PLACE ",\"logprobs\":[],\"sequence_number\":%ld,\"text\":\"\""), n + 4);
    k += told(o + k, RESPONSE_EVENT("response.content_part.done", PLACE ",\"part\":" PART("") ",\"sequence_number\":%ld"), n + 5);
    k += told(o + k, RESPONSE_EVENT("response.output_item.done",
        "\"item\":" ITEM("completed", PART("")) ",\"output_index\":0,\"sequence_number\":%ld"), n + 6);
    k += told(o + k, RESPONSE_EVENT("response.completed", "\"response\":{" RESPONSE ",\"status\":\"completed\",\"output\":["
        ITEM("completed", PART("")) "],\"usage\":" TOKENS "},\"sequence_number\":%ld"), n, n + 9, n + 7);
    return k + over(o + k);
}
static int responses_whole(char *o, const char *text) {
    return sprintf(o, "{" RESPONSE ",\"status\":\"completed\",\"output\":[" ITEM("completed", PART("%s")) "],\"usage\":" TOKENS "}",
                   text, 12l, 21l);
}

/* ---- Anthropic ---- */
#define NAMED(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"

static size_t anthropic_first(char *o) {
    size_t k = told(o, NAMED("message_start", ",\"message\":{\"model\":\"" MODEL "\",\"id\":\"msg_mock0123456789\",\"type\":\"message\","
        "\"role\":\"assistant\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":9,"
        "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"cache_creation\":{\"ephemeral_5m_input_tokens\":0,"
        "\"ephemeral_1h_input_tokens\":0},\"output_tokens\":1,\"service_tier\":\"standard\"}}  "));
    k += told(o + k, NAMED("content_block_start", ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}       "));
    return k + told(o + k, "event: ping\ndata: {\"type\": \"ping\"}\n\n");
}
static size_t anthropic_content(char *o, const char *text, long turn) {
    return told(o, NAMED("content_block_delta", ",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"%s\"}%.*s"),
                text, SPREAD(turn, 15), BLANKS);
}
static size_t anthropic_last(char *o, long n) {
    size_t k = told(o, NAMED("content_block_stop", ",\"index\":0     "));
    k += told(o + k, NAMED("message_delta", ",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"input_tokens\":9,"
        "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":%ld}   "), n);
    k += told(o + k, NAMED("message_stop", "        "));
    return k + over(o + k);
}
static int anthropic_whole(char *o, const char *text) {
    return sprintf(o, "{\"model\":\"" MODEL "\",\"id\":\"msg_mock0123456789\",\"type\":\"message\",\"role\":\"assistant\","
        "\"content\":[{\"type\":\"text\",\"text\":\"%s\"}],\"stop_reason\":\"end_turn\",\"stop_sequence\":null,"
        "\"usage\":{\"input_tokens\":9,\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":12,"
        "\"service_tier\":\"standard\"}}", text);
}

/* ---- Gemini ---- */
#define CANDIDATE(parts, more) "{\"candidates\": [{\"content\": {\"parts\": [" parts "],\"role\": \"model\"}," more "\"index\": 0}]," \
    "\"usageMetadata\": {\"promptTokenCount\": 9,\"candidatesTokenCount\": %ld,\"totalTokenCount\": %ld," \
    "\"promptTokensDetails\": [{\"modality\": \"TEXT\",\"tokenCount\": 9}]},\"modelVersion\": \"" MODEL "\",\"responseId\": \"mQsfZ8qjJ4Sn1MkP\"}"

static size_t gemini_first(char *o) { *o = 0; return 0; }
static size_t gemini_content(char *o, const char *text, long turn) {
    return told(o, "data: " CANDIDATE("{\"text\": \"%s\"}", "") "\r\n\r\n", text, turn + 1, turn + 10);
}
static size_t gemini_last(char *o, long n) {
    size_t k = told(o, "data: " CANDIDATE("{\"text\": \"\"}", "\"finishReason\": \"STOP\",") "\r\n\r\n", n, n + 9);
    return k + over(o + k);
}
static int gemini_whole(char *o, const char *text) {
    return sprintf(o, CANDIDATE("{\"text\": \"%s\"}", "\"finishReason\": \"STOP\",") "\n", text, 12l, 21l);
}

/* ---- Ollama ---- */
#define LINE(text, done) "{\"model\":\"" MODEL "\",\"created_at\":\"2026-11-20T13:05:09.%09ldZ\"," \
    "\"message\":{\"role\":\"assistant\",\"content\":\"" text "\"}," done "}"
#define DURATIONS "\"done\":true,\"done_reason\":\"stop\",\"total_duration\":4971483291,\"load_duration\":61234567," \
    "\"prompt_eval_count\":9,\"prompt_eval_duration\":310000000,\"eval_count\":%ld,\"eval_duration\":4500000000"

static size_t ollama_first(char *o) { *o = 0; return 0; }
static size_t ollama_content(char *o, const char *text, long turn) {
    return told(o, LINE("%s", "\"done\":false") "\n", turn * 20123457 % 1000000000, text);
}
static size_t ollama_last(char *o, long n) {
    size_t k = told(o, LINE("", DURATIONS) "\n", 999999999l, n);
    return k + over(o + k);
}
static int ollama_whole(char *o, const char *text) { return sprintf(o, LINE("%s", DURATIONS), 999999999l, text, 12l); }

/* ---- Cohere ---- */
#define BILLED "{\"billed_units\":{\"input_tokens\":9,\"output_tokens\":%ld},\"tokens\":{\"input_tokens\":9,\"output_tokens\":%ld}}"
#define DELTA(delta) ",\"delta\":{\"message\":{" delta "}}"

static size_t cohere_first(char *o) {
    size_t k = told(o, "event: message-start\ndata: {\"id\":\"94e3907b-d214-475e-a53f-ae81c76b6e43\",\"type\":\"message-start\""
        DELTA("\"role\":\"assistant\",\"content\":[],\"tool_plan\":\"\",\"tool_calls\":[],\"citations\":[]") "}\n\n");
    return k + told(o + k, NAMED("content-start", ",\"index\":0" DELTA("\"content\":{\"type\":\"text\",\"text\":\"\"}")));
}
static size_t cohere_content(char *o, const char *text, long turn) {
    (void)turn;
    return told(o, NAMED("content-delta", ",\"index\":0" DELTA("\"content\":{\"text\":\"%s\"}")), text);
}
static size_t cohere_last(char *o, long n) {
    size_t k = told(o, NAMED("content-end", ",\"index\":0"));
    k += told(o + k, NAMED("message-end", ",\"delta\":{\"finish_reason\":\"COMPLETE\",\"usage\":" BILLED "}"), n, n);
    return k + over(o + k);
}
static int cohere_whole(char *o, const char *text) {
    return sprintf(o, "{\"id\":\"94e3907b-d214-475e-a53f-ae81c76b6e43\",\"message\":{\"role\":\"assistant\","
        "\"content\":[{\"type\":\"text\",\"text\":\"%s\"}]},\"finish_reason\":\"COMPLETE\",\"usage\":" BILLED "}", text, 12l, 12l);
}

/* ---- Bedrock: messages of a binary event stream ---- */
static uint32_t checksum(const unsigned char *p, size_t n) {
    static uint32_t table[256];
    if (!table[1]) for (uint32_t i = 0; i < 256; i++) {
        uint32_t c = i;
        for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ 0xEDB88320u : c >> 1;
        table[i] = c;
    }
    uint32_t c = ~0u;
    while (n--) c = table[(c ^ *p++) & 255] ^ c >> 8;
    return ~c;
}
static void number(unsigned char *o, uint32_t value) { for (int i = 0; i < 4; i++) o[i] = value >> (24 - 8 * i); }
static size_t header(unsigned char *o, const char *name, const char *value) {
    size_t a = strlen(name), b = strlen(value);
    o[0] = a; memcpy(o + 1, name, a);
    o[a + 1] = 7; o[a + 2] = b >> 8; o[a + 3] = b; memcpy(o + a + 4, value, b);
    return a + b + 4;
}
__attribute__((format(printf, 3, 4))) static size_t message(char *o, const char *event, const char *format, ...) {
    unsigned char t[4096];
    size_t n = 12;
    n += header(t + n, ":event-type", event);
    n += header(t + n, ":content-type", "application/json");
    n += header(t + n, ":message-type", "event");
    size_t headers = n - 12;
    va_list more; va_start(more, format);
    n += vsnprintf((char *)t + n, sizeof t - n - 4, format, more);
    va_end(more);
    number(t, n + 4); number(t + 4, headers); number(t + 8, checksum(t, 8));
    number(t + n, checksum(t, n));
    return chunk(o, (char *)t, n + 4);
}
static size_t bedrock_first(char *o) { return message(o, "messageStart", "{\"p\":\"abcdefghijk\",\"role\":\"assistant\"}"); }
static size_t bedrock_content(char *o, const char *text, long turn) {
    return message(o, "contentBlockDelta", "{\"contentBlockIndex\":0,\"delta\":{\"text\":\"%s\"},\"p\":\"%.*s\"}",
                   text, SPREAD(turn, 61) + 1, ALPHABET);
}
static size_t bedrock_last(char *o, long n) {
    size_t k = message(o, "contentBlockStop", "{\"contentBlockIndex\":0,\"p\":\"abcdefghijklmnop\"}");
    k += message(o + k, "messageStop", "{\"p\":\"abcdefghijklmnopqrstuv\",\"stopReason\":\"end_turn\"}");
    k += message(o + k, "metadata", "{\"metrics\":{\"latencyMs\":573},\"p\":\"abcdefgh\",\"usage\":{\"inputTokens\":9,"
                 "\"outputTokens\":%ld,\"serverToolUsage\":{},\"totalTokens\":%ld}}", n, n + 9);
    return k + over(o + k);
}
static int bedrock_whole(char *o, const char *text) {
    return sprintf(o, "{\"metrics\":{\"latencyMs\":551},\"output\":{\"message\":{\"content\":[{\"text\":\"%s\"}],\"role\":\"assistant\"}},"
        "\"stopReason\":\"end_turn\",\"usage\":{\"inputTokens\":9,\"outputTokens\":12,\"serverToolUsage\":{},\"totalTokens\":21}}", text);
}

/* ---- who speaks what ---- */
#define SSE "text/event-stream; charset=utf-8"
static const dialect_t DIALECTS[] = {
    {"/chat/completions", NULL, SSE, openai_first, openai_content, openai_last, openai_whole},
    {"/v1/messages", NULL, SSE, anthropic_first, anthropic_content, anthropic_last, anthropic_whole},
    {":streamGenerateContent", ":generateContent", "text/event-stream", gemini_first, gemini_content, gemini_last, gemini_whole},
    {"/api/chat", NULL, "application/x-ndjson", ollama_first, ollama_content, ollama_last, ollama_whole},
    {"/v2/chat", NULL, "text/event-stream", cohere_first, cohere_content, cohere_last, cohere_whole},
    {"/converse-stream", "/converse", "application/vnd.amazon.eventstream", bedrock_first, bedrock_content, bedrock_last,
     bedrock_whole},
    {"/responses", NULL, SSE, responses_first, responses_content, responses_last, responses_whole},
};

static int within(const char *part, const char *target, size_t n) { return part && memmem(target, n, part, strlen(part)); }

const dialect_t *dialect_of(const char *target, size_t n, int *streamed) {
    for (size_t i = 0; i < sizeof DIALECTS / sizeof *DIALECTS; i++) {
        const dialect_t *d = &DIALECTS[i];
        int stream = within(d->path, target, n);
        if (!stream && !within(d->whole_path, target, n)) continue;
        if (d->whole_path) *streamed = stream;
        return d;
    }
    return &DIALECTS[0];
}
