-- An answer that is wanted stays longer: whatever saves as much and was wanted before falls behind a little.
local function wanted(state, ranks, mark, worth)
  local level = tonumber(redis.call('HINCRBYFLOAT', state, 'level', string.format('%.17f', tonumber(worth) * 0.0001)))
  redis.call('ZADD', ranks, 'XX', string.format('%.17g', level + tonumber(worth)), mark)
end

