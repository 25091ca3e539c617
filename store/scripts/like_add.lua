-- Remember a question, in the place of those that end first, and of rooms that nobody looked into for the longest time.
-- Answers 1, 0 where it is too large, -1 without vector sets.
-- ARGV: room, mark, vector, JSON, its size, milliseconds that it lives, most questions of a room, most bytes of all.
local room, mark, size, most, bytes = ARGV[1], ARGV[2], tonumber(ARGV[5]), tonumber(ARGV[7]), tonumber(ARGV[8])
local AT_ONCE = 100 -- so that nobody waits for long; the next one goes on

if lacking(redis.pcall('VCARD', vectors(room))) then return -1 end
for _, old in ipairs(redis.call('ZRANGEBYSCORE', lasts, '-inf', now, 'LIMIT', 0, AT_ONCE)) do clear(old) end
if redis.call('ZCARD', rooms) == 0 then redis.call('DEL', sizes) end
sweep(room, AT_ONCE)
drop(room, mark)
if size > bytes then return 0 end

-- As they are, without rounding: a hundredth decides whether somebody gets another question's answer.
local added = redis.pcall('VADD', vectors(room), 'FP32', ARGV[3], mark, 'NOQUANT')
if lacking(added) then return -1 end
if type(added) == 'table' then return added end
redis.call('HSET', questions(room), mark, ARGV[5] .. ' ' .. ARGV[4])
redis.call('ZADD', ends(room), string.format('%.0f', now + tonumber(ARGV[6])), mark)
redis.call('ZADD', rooms, now, room)
shrink(room, -size)

for _ = 1, AT_ONCE do
  local first = redis.call('ZRANGE', ends(room), 0, 0)[1]
  local idle = redis.call('ZRANGE', rooms, 0, 0)[1]
  if redis.call('ZCARD', ends(room)) > most then
    drop(room, first)
  elseif tonumber(redis.call('HGET', sizes, 'all')) <= bytes then
    break
  elseif first and idle == room then
    drop(room, first)
  else
    clear(idle)
  end
end

-- What nobody comes to sweep goes by itself.
local last = redis.call('ZREVRANGE', ends(room), 0, 0, 'WITHSCORES')[2]
if not last then
  clear(room)
  return 0
end
redis.call('ZADD', lasts, last, room)
for _, key in ipairs({vectors(room), questions(room), ends(room)}) do redis.call('PEXPIREAT', key, string.format('%.0f', last)) end
local latest = redis.call('ZREVRANGE', lasts, 0, 0, 'WITHSCORES')[2]
for _, key in ipairs({rooms, lasts, sizes}) do redis.call('PEXPIREAT', key, string.format('%.0f', latest)) end
return 1
