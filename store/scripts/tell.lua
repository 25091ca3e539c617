-- What an owner says of an account, and what it wants of it (Tell and Heard in store/contract.py).
-- KEYS: the account, a hash: s is the sum of what all have spent, l of what they have leased, x the part of l whose
-- owners are lost, w until when somebody wants, c when lost owners are looked for again (milliseconds), r what the
-- server's mark was when the account was last restored, and for each owner o:NAME "life number spent leased seen".
-- ARGV: owner, life, number, limit, spent, keep, least, most, ends (milliseconds, 0 for never), 1 if what a lost
-- owner has comes back, milliseconds after which an owner is lost, what a grant's share is, milliseconds
-- for which a refusal asks the others to give back, the server's mark, 1 if anything is granted.
-- Sums of what was spent may pass 2^53, where Lua's numbers end: they are added up by Redis and compared as text.
local account, owner = KEYS[1], 'o:' .. ARGV[1]
local life, number = tonumber(ARGV[2]), tonumber(ARGV[3])
local keep, least, most = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local lapses, lease = ARGV[10] == '1', tonumber(ARGV[11])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function text(n) return string.format('%.0f', n) end

local function greater(a, b)
  if #a ~= #b then return #a > #b end
  return a > b
end

local function read(packed)
  local a, b, spent, leased, seen = string.match(packed, '^(%S+) (%S+) (%d+) (%d+) (%d+)$')
  return tonumber(a), tonumber(b), spent, tonumber(leased), tonumber(seen)
end

local function pack(spent, leased)
  return ARGV[2] .. ' ' .. ARGV[3] .. ' ' .. spent .. ' ' .. text(leased) .. ' ' .. text(now)
end

-- Billions and the rest apart, so that the difference of great numbers is exact.
local function parts(n)
  local minus = string.sub(n, 1, 1) == '-'
  local digits = minus and string.sub(n, 2) or n
  local high, low = tonumber(string.sub(digits, 1, -10)) or 0, tonumber(string.sub(digits, -9))
  if minus then return -high, -low end
  return high, low
end

-- What can be leased, and what isn't spent.
local function available()
  local sums = redis.call('HMGET', account, 's', 'l')
  local h, l = parts(ARGV[4])
  local sh, sl = parts(sums[1])
  local lh, ll = parts(sums[2])
  return (h - sh - lh) * 1e9 + (l - sl - ll), (h - sh) * 1e9 + (l - sl)
end

-- *late* is the number of a newer word.
local function answer(granted, own, fresh, late)
  local known = redis.call('HMGET', account, 's', 'l', 'x', 'w')
  local wanted = tonumber(known[4] or 0) > now
  local heard = {
    text(granted), known[1], known[2], known[3] or '0', own, wanted and 1 or 0, fresh and 1 or 0,
    late and 1 or 0, text(late or 0)
  }
  return table.concat(heard, ' ')
end

-- Owners of whom nothing was heard for too long. What they had comes back, or is shown as lost.
local function look()
  local all, lost, back = redis.call('HGETALL', account), 0, 0
  for i = 1, #all, 2 do
    if string.sub(all[i], 1, 2) == 'o:' then
      local a, b, spent, leased, seen = read(all[i + 1])
      if leased > 0 and seen + lease < now then
        if lapses then
          back = back + leased
          redis.call('HSET', account, all[i], text(a) .. ' ' .. text(b) .. ' ' .. spent .. ' 0 ' .. text(seen))
        else
          lost = lost + leased
        end
      end
    end
  end
  if back > 0 then redis.call('HINCRBY', account, 'l', text(-back)) end
  redis.call('HSET', account, 'x', text(lost), 'c', text(now + 1000))
end

local known = redis.call('HMGET', account, 's', 'r', 'c', owner)
local new, fresh = not known[1], known[2] ~= ARGV[14]
local had, was, spent, leased, seen = -1, -1, '0', 0, now
if known[4] then had, was, spent, leased, seen = read(known[4]) end
local late = had > life or (had == life and was >= number)
local told = not late and greater(ARGV[5], spent) and ARGV[5] or spent
if not late then
  if spent ~= '0' and told ~= spent then redis.call('HINCRBY', account, 's', '-' .. spent) end
  if told ~= spent or new then redis.call('HINCRBY', account, 's', told) end
  if keep ~= leased or new then redis.call('HINCRBY', account, 'l', text(keep - leased)) end
  redis.call('HSET', account, owner, pack(told, keep))
end
if now >= tonumber(known[3] or 0) or seen + lease < now then look() end
if late then return answer(0, told, false, was) end

local granted = 0
if most > 0 and ARGV[15] == '1' then
  local left, unspent = available()
  if left >= least then granted = math.max(least, math.min(most, math.floor(left / tonumber(ARGV[12])))) end
  if granted > 0 then
    redis.call('HINCRBY', account, 'l', text(granted))
    redis.call('HSET', account, owner, pack(told, keep + granted))
  elseif least > 0 and least <= unspent then
    redis.call('HSET', account, 'w', text(now + tonumber(ARGV[13])))
  end
end
local heard = answer(granted, told, fresh)
if ARGV[9] ~= '0' then redis.call('PEXPIREAT', account, ARGV[9]) end
return heard
