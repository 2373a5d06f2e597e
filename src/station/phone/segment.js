// What a text costs: GSM 7-bit or UCS-2, and how many segments. The same counting as src/message/segment.rs.
(function (xx) {
  'use strict';

  const GSM = '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà';
  const GSM_ESCAPED = '^{}\\[~]|€\f';

  function septets(c) {
    if (/^[A-Za-z0-9]$/.test(c) || GSM.indexOf(c) >= 0) return 1;
    return GSM_ESCAPED.indexOf(c) >= 0 ? 2 : 0;
  }

  // {segments, left}: how many are billed, and the units still free in the last of them.
  xx.measure = function (text) {
    const characters = Array.from(text);
    const gsm = characters.every(septets);
    const cost = (c) => (gsm ? septets(c) : c.length);
    const single = gsm ? 160 : 70;
    const part = gsm ? 153 : 67;
    const total = characters.reduce((sum, c) => sum + cost(c), 0);
    if (total <= single) return { segments: 1, left: single - total };
    // Neither a surrogate pair nor an escaped character is cut in two, so a part may stay short of its limit.
    let segments = 1;
    let used = 0;
    characters.forEach(function (c) {
      if (used + cost(c) > part) {
        segments += 1;
        used = 0;
      }
      used += cost(c);
    });
    return { segments: segments, left: part - used };
  };
}(window.xx = window.xx || {}));
