-- Put up a notice. Answers 0 where there is one already and only a new one is wanted.
-- KEYS: notices (name -> "end value"), order (names), ends (names by their end, milliseconds).
-- ARGV: name, value, milliseconds that it hangs, 1 if only a new one is wanted.
local notices, order, ends = unpack(KEYS)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

for _, name in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('HDEL', notices, name)
  redis.call('ZREM', order, name)
  redis.call('ZREM', ends, name)
end

local had = ARGV[4] == '1' and redis.call('HGET', notices, ARGV[1])
if had and tonumber(string.match(had, '^%d+')) > now then return 0 end
local ends_at = string.format('%.0f', now + tonumber(ARGV[3]))
redis.call('HSET', notices, ARGV[1], ends_at .. ' ' .. ARGV[2])
redis.call('ZADD', order, 0, ARGV[1])
redis.call('ZADD', ends, ends_at, ARGV[1])

-- What nobody comes to sweep goes by itself.
local last = redis.call('ZREVRANGE', ends, 0, 0, 'WITHSCORES')[2]
for _, key in ipairs(KEYS) do redis.call('PEXPIREAT', key, string.format('%.0f', last)) end
return 1
