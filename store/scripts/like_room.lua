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
end

local function drop(room, mark)
  local had = redis.call('HGET', questions(room), mark)
  redis.call('ZREM', ends(room), mark)
  if not had then return end
  redis.call('VREM', vectors(room), mark)
  redis.call('HDEL', questions(room), mark)
  shrink(room, tonumber(string.match(had, '^%d+')))
end

local function sweep(room, most)
  for _, mark in ipairs(redis.call('ZRANGEBYSCORE', ends(room), '-inf', now, 'LIMIT', 0, most)) do drop(room, mark) end
end

-- Whether this server has no vector sets, or none for us.
local function lacking(reply)
  local said = type(reply) == 'table' and reply.err
  return said and (string.find(said, 'Unknown Redis command', 1, true) or string.find(said, 'permission', 1, true))
end
