-- What all scripts about questions begin with. A room is a vector set, its questions (mark -> "size JSON") and when they
-- end (marks by milliseconds); the names of these three are made of that of KEYS[1], and stand in its slot.
-- KEYS: rooms (by the milliseconds of the last look into them), lasts (rooms by when their last question ends),
-- sizes (bytes by room, and of `all`).
local rooms, lasts, sizes = unpack(KEYS)
local base = string.sub(rooms, 1, -#'rooms' - 1)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function vectors(room) return base .. 'vectors:' .. room end
local function questions(room) return base .. 'questions:' .. room end
local function ends(room) return base .. 'ends:' .. room end

local function shrink(room, size)
  redis.call('HINCRBY', sizes, room, -size)
  redis.call('HINCRBY', sizes, 'all', -size)
end

local function clear(room)
  redis.call('UNLINK', vectors(room), questions(room), ends(room))
  redis.call('ZREM', rooms, room)
  redis.call('ZREM', lasts, room)
  shrink(room, tonumber(redis.call('HGET', sizes, room) or '0'))
  redis.call('HDEL', sizes, room)
  if redis.call('ZCARD', rooms) == 0 then redis.call('DEL', sizes) end
end

local function drop(room, mark)
  local had = redis.call('HGET', questions(room), mark)
  redis.call('ZREM', ends(room), mark)
  if not had then return end
  redis.call('VREM', vectors(room), mark)
  redis.call('HDEL', questions(room), mark)
  shrink(room, tonumber(string.match(had, '^%d+')))
end

local function expire(room)
  local last = redis.call('ZREVRANGE', ends(room), 0, 0, 'WITHSCORES')[2]
  if not last then return clear(room) end
  redis.call('ZADD', lasts, last, room)
  for _, key in ipairs({vectors(room), questions(room), ends(room)}) do
    redis.call('PEXPIREAT', key, string.format('%.0f', last))
  end
  local latest = redis.call('ZREVRANGE', lasts, 0, 0, 'WITHSCORES')[2]
  for _, key in ipairs({rooms, lasts, sizes}) do redis.call('PEXPIREAT', key, string.format('%.0f', latest)) end
end

local function sweep(room, most)
  for _, mark in ipairs(redis.call('ZRANGEBYSCORE', ends(room), '-inf', now, 'LIMIT', 0, most)) do drop(room, mark) end
end
