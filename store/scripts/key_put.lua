-- Make or change a client's key. Answers its new version, 0 where the name or the version is taken, -1 where a secret is.
-- KEYS: names (name -> "version digest former text"), digests (digest -> name), order (names), changes (what changed,
-- by version), version. ARGV: name, the version it was read with, digest, former digest or -, text, how many
-- changes are kept.
local names, digests, order, changes, version = unpack(KEYS)
local name, digest, former = ARGV[1], ARGV[3], ARGV[4]
local had = redis.call('HGET', names, name)
local is, old, older = '0', '-', '-'
if had then is, old, older = string.match(had, '^(%d+) (%S+) (%S+) ') end
if is ~= ARGV[2] then return 0 end
for _, one in ipairs({digest, former}) do
  local whose = one ~= '-' and redis.call('HGET', digests, one)
  if whose and whose ~= name then return -1 end
end

local new = redis.call('INCR', version)
for _, one in ipairs({old, older, digest, former}) do
  if one ~= '-' then redis.call('ZADD', changes, new, new .. ':' .. one) end
end
redis.call('ZREMRANGEBYSCORE', changes, '-inf', new - tonumber(ARGV[6]))
redis.call('HDEL', digests, old, older)
redis.call('HSET', digests, digest, name)
if former ~= '-' then redis.call('HSET', digests, former, name) end
redis.call('HSET', names, name, new .. ' ' .. digest .. ' ' .. former .. ' ' .. ARGV[5])
redis.call('ZADD', order, 0, name)
return new
