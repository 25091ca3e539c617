-- Forget a client's key. Answers 0 if there was none. KEYS as in key_put.lua, and versions too.
-- ARGV: name, how many changes are kept.
local names, digests, order, changes, version, floor = unpack(KEYS)
local had = redis.call('HGET', names, ARGV[1])
if not had then return 0 end
local _, digest, former = string.match(had, '^(%d+) (%S+) (%S+) ')

local time, last = redis.call('TIME'), redis.call('GET', version)
local new = math.max(tonumber(last or 0) + 1, time[1] * 1000 + math.floor(time[2] / 1000))
local text = string.format('%.0f', new)
redis.call('SET', version, text)
for _, one in ipairs({digest, former}) do
  if one ~= '-' then redis.call('ZADD', changes, text, text .. ':' .. one) end
end
local gone = redis.call('ZREVRANGE', changes, ARGV[2], ARGV[2], 'WITHSCORES')[2]
if gone then
  redis.call('ZREMRANGEBYSCORE', changes, '-inf', gone)
  redis.call('SET', floor, '-' .. gone)
end

redis.call('HDEL', digests, digest, former)
redis.call('HDEL', names, ARGV[1])
redis.call('ZREM', order, ARGV[1])
return 1
