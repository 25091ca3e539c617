-- Who holds claims is still there. KEYS: presence (who -> milliseconds until which it is). ARGV: who, milliseconds more.
local presence, who = KEYS[1], ARGV[1]
local time = redis.call('TIME')
local clock = time[1] * 1000 + math.floor(time[2] / 1000)
local all = redis.call('HGETALL', presence)
for i = 1, #all, 2 do
  if tonumber(all[i + 1]) < clock then redis.call('HDEL', presence, all[i]) end
end
redis.call('HSET', presence, who, string.format('%.0f', clock + tonumber(ARGV[2])))
redis.call('PEXPIRE', presence, 60000)
return 1
