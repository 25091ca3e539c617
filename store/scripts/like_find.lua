-- The questions whose vectors are the nearest, each with its mark, its JSON and its vector; nil without vector sets.
-- ARGV: room, vector, how many, the least score ((1 + cosine) / 2).
local room, least = ARGV[1], tonumber(ARGV[4])
sweep(room, 10)
local found = redis.pcall('VSIM', vectors(room), 'FP32', ARGV[2], 'WITHSCORES', 'COUNT', ARGV[3])
if lacking(found) then return false end
if found.err then return found end
redis.call('ZADD', rooms, 'XX', now, room)
local near = {}
for i = 1, #found, 2 do
  if tonumber(found[i + 1]) < least then break end
  local question = redis.call('HGET', questions(room), found[i])
  local raw = redis.call('VEMB', vectors(room), found[i], 'RAW')
  if question and raw then
    near[#near + 1] = found[i]
    near[#near + 1] = string.match(question, '^%d+ (.*)$')
    near[#near + 1] = raw[2]
  end
end
return near
