-- An answer, and how often something was forgotten so far. Whoever is wanted stays longer.
-- KEYS: answers (mark -> "worth made ttl bytes"), ranks (marks), state (bytes, level, forgotten, evicted). ARGV: mark.
local answers, ranks, state = unpack(KEYS)
local had = redis.call('HGET', answers, ARGV[1])
local forgotten = redis.call('HGET', state, 'forgotten') or '0'
local worth, _, _, at = string.match(had or '', '^(%S+) (%d%S*) (%d%S*) ()')
if not worth then return {'', forgotten} end
-- Whatever saves as much and was wanted before falls behind a little.
local level = tonumber(redis.call('HINCRBYFLOAT', state, 'level', string.format('%.17f', tonumber(worth) * 0.0001)))
redis.call('ZADD', ranks, 'XX', string.format('%.17g', level + tonumber(worth)), ARGV[1])
return {string.sub(had, at), forgotten}
