-- Make a place for a question whose vector comes next (or has come): that of those which end first, and of the rooms that
-- nobody looked into for the longest time.
-- ARGV: room, mark, JSON, size, milliseconds that it lives, most questions of a room, most bytes of all.
local room, mark, size, most, bytes = ARGV[1], ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[6]), tonumber(ARGV[7])
local AT_ONCE = 100 -- so that nobody waits for long; the next one goes on

for _, old in ipairs(redis.call('ZRANGEBYSCORE', lasts, '-inf', now, 'LIMIT', 0, AT_ONCE)) do clear(old) end
if redis.call('ZCARD', rooms) == 0 then redis.call('DEL', sizes) end

local had = redis.call('HGET', questions(room), mark)
if had then shrink(room, tonumber(string.match(had, '^%d+'))) end
redis.call('HSET', questions(room), mark, ARGV[4] .. ' ' .. ARGV[3])
redis.call('ZADD', ends(room), string.format('%.0f', now + tonumber(ARGV[5])), mark)
redis.call('ZADD', rooms, now, room)
shrink(room, -size)

sweep(room, AT_ONCE)
for _ = 1, AT_ONCE do
  local first = redis.call('ZRANGE', ends(room), 0, 0)[1]
  local idle = redis.call('ZRANGE', rooms, 0, 0)[1]
  if redis.call('ZCARD', ends(room)) > most then
    drop(room, first)
  elseif tonumber(redis.call('HGET', sizes, 'all')) <= bytes or not first then
    break
  elseif idle == room then
    drop(room, first)
  else
    clear(idle)
  end
end
expire(room)
return 1
