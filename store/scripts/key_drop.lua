-- Forget a client's key. Answers 0 if there was none. KEYS as in key_put.lua. ARGV: name, how many changes are kept.
local names, digests, order, changes, version = unpack(KEYS)
local had = redis.call('HGET', names, ARGV[1])
if not had then return 0 end
local new = redis.call('INCR', version)
local _, digest, former = string.match(had, '^(%d+) (%S+) (%S+) ')
for _, one in ipairs({digest, former}) do
  if one ~= '-' then redis.call('ZADD', changes, new, new .. ':' .. one) end
end
redis.call('ZREMRANGEBYSCORE', changes, '-inf', new - tonumber(ARGV[2]))
redis.call('HDEL', digests, digest, former)
redis.call('HDEL', names, ARGV[1])
redis.call('ZREM', order, ARGV[1])
return 1
