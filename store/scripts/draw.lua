-- Units of a rate (Draw and Drawn in store/contract.py). Times are seconds.
-- KEYS: the account, a hash: what was drawn in each slot of time, and w, until when somebody wants.
-- ARGV: limit, per, how long a unit counts beyond its slot, how many slots are in a window, least, most, what a
-- grant's share is, for how long a refusal asks the others to give back, then slot and units that come back, in
-- turns; at last 1 if anything is granted.
local account = KEYS[1]
local limit, per, beyond, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local least, most = tonumber(ARGV[5]), tonumber(ARGV[6])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local slot = math.floor(now * count / per)

local function text(n) return string.format('%.0f', n) end
local function exact(n) return string.format('%.6f', n) end
local function ends(n) return (n + 1) * per / count + beyond end

-- What still counts, the oldest first. A slot of the future means that the clock went back: it counts from now.
local function read()
  local all, live, by, wanted = redis.call('HGETALL', account), {}, {}, 0
  for i = 1, #all, 2 do
    if all[i] == 'w' then
      wanted = tonumber(all[i + 1])
    else
      local when = math.min(slot, tonumber(all[i]))
      if text(when) ~= all[i] or ends(when) <= now then redis.call('HDEL', account, all[i]) end
      if ends(when) > now then by[when] = (by[when] or 0) + tonumber(all[i + 1]) end
    end
  end
  for i = 9, #ARGV - 1, 2 do
    local when = tonumber(ARGV[i])
    if by[when] then by[when] = math.max(0, by[when] - tonumber(ARGV[i + 1])) end
  end
  local total = 0
  for when, units in pairs(by) do
    if units > 0 then
      live[#live + 1] = {when, units}
      total = total + units
    else
      redis.call('HDEL', account, text(when))
    end
  end
  table.sort(live, function(a, b) return a[1] < b[1] end)
  return live, by, total, wanted
end

-- Seconds until *least* are free; -1 for never.
local function patience(live, free)
  for _, one in ipairs(live) do
    free = free + one[2]
    if free >= least then return ends(one[1]) - now end
  end
  return -1
end

local live, by, total, wanted = read()
local free, granted, wait = limit - total, 0, 0
if most > 0 and ARGV[#ARGV] == '1' then
  if free >= least then granted = math.max(least, math.min(most, math.floor(free / tonumber(ARGV[7])))) end
  if granted > 0 then
    if live[#live] and live[#live][1] == slot then live[#live][2] = by[slot] + granted
    else live[#live + 1] = {slot, granted} end
  elseif least > 0 then
    wait = patience(live, free)
    if least <= limit then wanted = now + tonumber(ARGV[8]) end
  end
end

local write = {'w', exact(wanted)}
for _, one in ipairs(live) do
  write[#write + 1] = text(one[1])
  write[#write + 1] = text(one[2])
end
redis.call('HSET', account, unpack(write))
local reset = live[#live] and ends(live[#live][1]) - now or 0
redis.call('PEXPIRE', account, text((math.max(reset, wanted - now) + 1) * 1000))
local drawn = {
  text(granted), text(slot), text(math.max(0, free - granted)), exact(reset), exact(wait), wanted > now and 1 or 0
}
return table.concat(drawn, ' ')
