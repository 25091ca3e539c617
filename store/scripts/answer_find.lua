-- An answer, and how often something was forgotten so far. Whoever is wanted stays longer.
-- KEYS: answers (mark -> "worth bytes"), ranks (marks), state (bytes, level, forgotten, evicted). ARGV: mark.
local answers, ranks, state = unpack(KEYS)
local had = redis.call('HGET', answers, ARGV[1])
local forgotten = redis.call('HGET', state, 'forgotten') or '0'
if not had then return {'', forgotten} end
local worth, at = string.match(had, '^(%S+) ()')
local level = tonumber(redis.call('HGET', state, 'level') or '0')
redis.call('ZADD', ranks, 'XX', string.format('%.17g', level + tonumber(worth)), ARGV[1])
return {string.sub(had, at), forgotten}
