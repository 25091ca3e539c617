-- Forget the answers that some names fit. Answers how many that were.
-- KEYS as in answer_keep.lua. ARGV: names as JSON ({key, route, model, tag}, empty for any), how many such are
-- remembered, milliseconds for which.
local answers, names, ranks, ends, state, forgotten = unpack(KEYS)
local one = cjson.decode(ARGV[1])

local count = 0
local all = redis.call('HGETALL', names)
for i = 1, #all, 2 do
  local label = cjson.decode(all[i + 1])
  if fits(one, label) then
    redis.call('HINCRBY', state, 'bytes', -label.size)
    redis.call('HDEL', answers, all[i])
    redis.call('HDEL', names, all[i])
    redis.call('ZREM', ranks, all[i])
    redis.call('ZREM', ends, all[i])
    count = count + 1
  end
end
local number = redis.call('HINCRBY', state, 'forgotten', 1)
redis.call('LPUSH', forgotten, string.format('%.0f', number) .. ' ' .. ARGV[1])
redis.call('LTRIM', forgotten, 0, tonumber(ARGV[2]) - 1)
redis.call('PEXPIRE', forgotten, ARGV[3])
if redis.call('PTTL', state) < tonumber(ARGV[3]) then redis.call('PEXPIRE', state, ARGV[3]) end
return count
