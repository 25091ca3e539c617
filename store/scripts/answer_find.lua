-- An answer, and how often something was forgotten so far. Whoever is wanted stays longer.
-- KEYS: answers (mark -> "worth made ttl bytes"), ranks (marks), state (bytes, level, forgotten, evicted). ARGV: mark.
local answers, ranks, state = unpack(KEYS)
local had = redis.call('HGET', answers, ARGV[1])
local forgotten = redis.call('HGET', state, 'forgotten') or '0'
local worth, _, _, at = string.match(had or '', '^(%S+) (%d%S*) (%d%S*) ()')
if not worth then return {'', forgotten} end
wanted(state, ranks, ARGV[1], worth)
return {string.sub(had, at), forgotten}
