-- Keep an answer, in the place of those that save least. Answers 1, or 0 where it isn't kept.
-- KEYS: answers (mark -> "worth made ttl bytes"), names (mark -> JSON), ranks, ends (marks by milliseconds), state, forgotten
-- (a list of "number JSON", the latest first).
-- ARGV: mark, answer, names as JSON, size, worth, milliseconds that it lives, most bytes, how often something had been
-- forgotten when it was begun, milliseconds that it is known for what was forgotten, "made ttl" (unix time, seconds).
local answers, names, ranks, ends, state, forgotten = unpack(KEYS)
local mark, size = ARGV[1], tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function drop(mark)
  local had = redis.call('HGET', names, mark)
  if not had then return end
  redis.call('HINCRBY', state, 'bytes', -cjson.decode(had).size)
  redis.call('HDEL', answers, mark)
  redis.call('HDEL', names, mark)
  redis.call('ZREM', ranks, mark)
  redis.call('ZREM', ends, mark)
end

local since, all = tonumber(ARGV[8]), tonumber(redis.call('HGET', state, 'forgotten') or '0')
if since ~= all then
  local lately = redis.call('LRANGE', forgotten, 0, -1)
  if since > all or all - since > #lately then return 0 end
  local label = cjson.decode(ARGV[3])
  for i = 1, all - since do
    if fits(cjson.decode(string.match(lately[i], '^%d+ (.*)$')), label) then return 0 end
  end
end
if size > tonumber(ARGV[7]) then return 0 end

drop(mark)
for _, old in ipairs(redis.call('ZRANGEBYSCORE', ends, '-inf', now, 'LIMIT', 0, 100)) do drop(old) end
local room = tonumber(ARGV[7]) - size
while tonumber(redis.call('HGET', state, 'bytes') or '0') > room do
  local least = redis.call('ZRANGE', ranks, 0, 0, 'WITHSCORES')
  if not least[1] then
    redis.call('HSET', state, 'bytes', 0)
    break
  end
  redis.call('HSET', state, 'level', least[2])
  redis.call('HINCRBY', state, 'evicted', 1)
  drop(least[1])
end

local level = tonumber(redis.call('HINCRBYFLOAT', state, 'level', string.format('%.17f', tonumber(ARGV[5]) * 0.0001)))
local rank = string.format('%.17g', level + tonumber(ARGV[5]))
local until_ms = string.format('%.0f', now + tonumber(ARGV[6]))
redis.call('HSET', answers, mark, ARGV[5] .. ' ' .. ARGV[10] .. ' ' .. ARGV[2])
redis.call('HSET', names, mark, ARGV[3])
redis.call('ZADD', ranks, rank, mark)
redis.call('ZADD', ends, until_ms, mark)
redis.call('HINCRBY', state, 'bytes', size)

-- What nobody comes to sweep goes by itself.
local last = tonumber(redis.call('ZREVRANGE', ends, 0, 0, 'WITHSCORES')[2])
for _, key in ipairs({answers, names, ranks, ends}) do redis.call('PEXPIREAT', key, string.format('%.0f', last)) end
redis.call('PEXPIREAT', state, string.format('%.0f', last + tonumber(ARGV[9])))
return 1
