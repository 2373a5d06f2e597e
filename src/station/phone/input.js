// Writing with twelve keys: pinyin on the digits, letters by repeated taps, digits as they are, and symbols.
(function (xx) {
  'use strict';

  const KEY_OF = {};
  ['abc', 'def', 'ghi', 'jkl', 'mno', 'pqrs', 'tuv', 'wxyz'].forEach(function (letters, i) {
    letters.split('').forEach(function (letter) { KEY_OF[letter] = String(i + 2); });
  });

  // What repeated taps on a key give in letter mode.
  xx.TAPS = {
    1: '.,?!-@/:1', 2: 'abc2', 3: 'def3', 4: 'ghi4', 5: 'jkl5', 6: 'mno6', 7: 'pqrs7', 8: 'tuv8', 9: 'wxyz9', 0: ' 0',
  };
  xx.SYMBOLS = Array.from('，。？！、：；“”（）《》·…～+-×/%#*@.,?!:');
  xx.MODES = ['拼音', 'abc', '123'];

  const digitsOf = (reading) => reading.replace(/[a-z]/g, (letter) => KEY_OF[letter]);

  // The dictionary: {text, reading, digits, first}, where `first` are the keys of the syllables' first letters.
  let dictionary = null;

  function load() {
    const entries = [];
    xx.pinyinWords.trim().split('\n').forEach(function (line) {
      const syllables = line.trim().split(' ');
      const text = syllables.shift();
      entries.push({
        text: text,
        reading: syllables.join(' '),
        digits: digitsOf(syllables.join('')),
        first: digitsOf(syllables.map((s) => s[0]).join('')),
      });
    });
    const characters = [];
    xx.pinyinCharacters.trim().split('\n').forEach(function (line) {
      const parts = line.trim().split(' ');
      Array.from(parts[1]).forEach(function (c, rank) {
        characters.push({ text: c, reading: parts[0], digits: digitsOf(parts[0]), first: '', rank: Math.floor(rank / 2) });
      });
    });
    // Several syllables share keys (mai and nai are 624): the two likeliest of each come before any third one.
    characters.sort((a, b) => a.rank - b.rank);
    return { words: entries, characters: characters };
  }

  // What `digits` may mean, the likeliest first: [{text, reading, used}], where `used` keys are spent by choosing it.
  xx.candidates = function (digits) {
    if (!digits) return [];
    dictionary = dictionary || load();
    const found = [];
    const seen = {};
    function take(entries, used, fits) {
      entries.forEach(function (entry) {
        if (fits(entry) && !seen[entry.text]) {
          seen[entry.text] = true;
          found.push({ text: entry.text, reading: entry.reading, used: used });
        }
      });
    }
    const words = dictionary.words;
    const characters = dictionary.characters;
    const all = digits.length;
    take(words, all, (e) => e.digits === digits);
    take(characters, all, (e) => e.digits === digits);
    if (all > 1) take(words, all, (e) => e.first === digits);
    if (all > 2) take(words, all, (e) => e.digits.indexOf(digits) === 0);
    if (!found.length || all < 4) take(characters, all, (e) => e.digits.indexOf(digits) === 0);
    // A whole phrase keyed at once is taken word by word: the longest beginning first, the rest stays.
    for (let length = all - 1; length > 0 && found.length < 30; length -= 1) {
      const head = digits.slice(0, length);
      take(words, length, (e) => e.digits === head);
      take(characters, length, (e) => e.digits === head);
    }
    return found.slice(0, 40);
  };
}(window.xx = window.xx || {}));
