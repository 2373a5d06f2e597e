// The editor: a text written with the twelve keys or with a real keyboard, its cost always in sight.
(function (xx) {
  'use strict';

  const el = xx.el;
  // Ten segments of Chinese: more than any phone of this kind sends.
  const LONGEST = 670;
  const TAP_MS = 1000;
  // On a touch screen the phone's own keys are the keyboard, until the field itself is tapped.
  const touch = window.matchMedia && window.matchMedia('(pointer: coarse)').matches;

  // `start`: {to, text, add, mode}; without `text` the draft goes on, `add` is keyed after it. With `ask`, {title, mark,
  // head, send(text), cancel()}, it is no text but the answer to what `head` says, and no draft.
  xx.editor = function (phone, start) {
    const given = start || {};
    const ask = given.ask;
    const codes = phone.line.config.shortCodes;
    let to = given.to || codes[0] || '';
    let mode = given.mode || 0;
    let keyed = '';
    let choices = [];
    let picked = 0;
    let tap = { key: '', turn: 0, until: 0 };

    const modeMark = el('span', 'mode');
    const counter = el('span', 'counter');
    const recipient = el('div', 'recipient');
    const field = el('textarea', 'field');
    const reading = el('div', 'reading');
    const strip = el('div', 'strip');
    const bar = el('div', 'candidates', [reading, strip]);
    const head = el('div', 'editor-head', [modeMark, counter]);
    const root = el('div', ask ? 'editor asking' : 'editor', [ask ? ask.head : recipient, head, field, bar]);
    field.setAttribute('aria-label', ask ? '回答' : '短信内容');
    field.setAttribute('placeholder', ask ? '按数字，或打字' : '写下要说的');
    field.setAttribute('autocomplete', 'off');
    field.setAttribute('autocorrect', 'off');
    field.setAttribute('spellcheck', 'false');
    field.maxLength = LONGEST;
    field.value = ask ? '' : given.text !== undefined ? given.text : phone.mailbox.draft + (given.add || '');
    if (touch) {
      if ('inputMode' in field) field.inputMode = 'none';
      else field.readOnly = true;
      field.addEventListener('pointerup', function () {
        field.readOnly = false;
        if (field.inputMode !== 'none') return;
        field.inputMode = 'text';
        field.blur();
        field.focus();
      });
    }
    field.addEventListener('input', update);

    function update() {
      const cost = xx.measure(field.value);
      counter.textContent = ask ? '' : '剩余 ' + cost.left + '/' + cost.segments;
      modeMark.textContent = xx.MODES[mode];
      recipient.textContent = '发到 ' + to;
      bar.classList.toggle('open', choices.length > 0);
      if (choices.length) {
        reading.textContent = keyed ? choices[picked].reading || keyed : '符号';
        strip.textContent = '';
        choices.forEach(function (choice, i) {
          const button = el('button', i === picked ? 'picked' : '', choice.text);
          button.type = 'button';
          button.tabIndex = -1;
          button.addEventListener('pointerdown', (e) => e.preventDefault());
          button.addEventListener('click', () => pick(i));
          strip.append(button);
        });
        const shown = strip.children[picked];
        strip.scrollLeft = shown.offsetLeft - (strip.clientWidth - shown.offsetWidth) / 2;
      }
      phone.drawSoft();
    }

    function insert(text, replace) {
      const from = field.selectionStart - (replace || 0);
      const to = field.selectionEnd;
      if (field.value.length - (to - from) + text.length > LONGEST) return;
      field.setRangeText(text, from, to, 'end');
      field.scrollTop = field.scrollHeight;
    }

    function close() {
      keyed = '';
      choices = [];
      picked = 0;
    }

    function look() {
      choices = xx.candidates(keyed);
      picked = 0;
    }

    function pick(i) {
      const choice = choices[i];
      const rest = keyed.slice(choice.used || 0);
      insert(choice.text);
      close();
      if (choice.used && rest) {
        keyed = rest;
        look();
      }
      update();
    }

    function symbols() {
      close();
      choices = xx.SYMBOLS.map((symbol) => ({ text: symbol, reading: '', used: 0 }));
      update();
    }

    function digit(key) {
      if (mode === 2) {
        insert(key);
      } else if (mode === 1) {
        const now = Date.now();
        const again = tap.key === key && now < tap.until;
        const letters = xx.TAPS[key];
        tap = { key: key, turn: again ? (tap.turn + 1) % letters.length : 0, until: now + TAP_MS };
        insert(letters[tap.turn], again ? 1 : 0);
      } else if (keyed && key === '0') {
        pick(picked);
        return;
      } else if (key === '0') {
        insert(' ');
      } else if (key === '1') {
        if (!keyed) {
          symbols();
          return;
        }
        picked = (picked + 1) % choices.length;
      } else {
        if (!keyed) close();
        keyed += key;
        look();
        // No word begins like this: the key is not taken.
        if (!choices.length) {
          keyed = keyed.slice(0, -1);
          if (keyed) look();
        }
      }
      update();
    }

    function clear() {
      if (keyed) {
        keyed = keyed.slice(0, -1);
        if (keyed) look();
        else close();
      } else if (choices.length) {
        close();
      } else if (field.selectionStart !== field.selectionEnd) {
        field.setRangeText('', field.selectionStart, field.selectionEnd, 'end');
      } else {
        const before = Array.from(field.value.slice(0, field.selectionStart));
        if (before.length) insert('', before.pop().length);
      }
      update();
    }

    function move(by) {
      const at = Math.max(0, Math.min(field.value.length, field.selectionEnd + by));
      field.setSelectionRange(at, at);
    }

    function send() {
      const text = field.value.trim();
      if (!text) {
        phone.toast(ask ? '先按数字或打字' : '还没有写字');
        return;
      }
      if (ask) {
        ask.send(text);
        return;
      }
      field.value = '';
      const message = { id: xx.newId(), to: to, text: text, at: Date.now(), state: 'sending' };
      phone.mailbox.sent.unshift(message);
      phone.rest();
      phone.transmit(message);
    }

    function menu() {
      const rows = [
        { lines: ['发送'], act: send },
        { lines: ['插入符号'], act: symbols },
      ];
      xx.MODES.forEach(function (name, i) {
        if (i !== mode) rows.push({ lines: ['输入法：' + name], act: () => setMode(i) });
      });
      codes.forEach(function (code) {
        if (code !== to) {
          rows.push({
            lines: ['发到 ' + code],
            act: () => {
              to = code;
              update();
            },
          });
        }
      });
      rows.push({
        lines: ['清空'],
        act: () => {
          field.value = '';
          close();
          update();
        },
      });
      return rows;
    }

    function setMode(next) {
      mode = next;
      close();
      tap.key = '';
      update();
    }

    return {
      name: ask ? 'asking' : 'editor',
      title: ask ? ask.title : '写短信',
      mark: ask && ask.mark,
      soft: () => [ask ? '回答' : '选项', field.value || keyed || choices.length ? '清除' : ask ? '取消' : '返回'],
      // Whether a new text may cover the screen.
      busy: () => Boolean(ask || field.value || keyed),
      choosing: () => choices.length > 0,
      field: field,
      draw(box) {
        box.append(root);
        update();
      },
      shown() {
        try {
          field.focus({ preventScroll: true });
        } catch (e) {
          field.focus();
        }
      },
      leave() {
        if (ask) {
          ask.cancel();
          return;
        }
        phone.mailbox.draft = field.value;
        phone.mailbox.save();
      },
      fill(text) {
        field.value = text;
        close();
        update();
        field.setSelectionRange(text.length, text.length);
      },
      press(key) {
        const perLine = Math.max(1, Math.floor(field.clientWidth / parseFloat(getComputedStyle(field).fontSize)));
        if (/^[0-9]$/.test(key)) digit(key);
        else if (/^long:[0-9]$/.test(key)) {
          close();
          insert(key.slice(5));
          update();
        } else if (key === 'star') symbols();
        else if (key === 'hash') setMode((mode + 1) % xx.MODES.length);
        else if (key === 'left' && ask) send();
        else if (key === 'left') phone.sheet(menu());
        else if (key === 'right') {
          if (field.value || choices.length) clear();
          else phone.back();
        } else if (key === 'long:right') this.fill('');
        else if (choices.length && /^(west|east|up|down)$/.test(key)) {
          const by = { west: -1, east: 1, up: -5, down: 5 }[key];
          picked = Math.max(0, Math.min(choices.length - 1, picked + by));
          update();
        } else if (key === 'west' || key === 'east') move(key === 'west' ? -1 : 1);
        else if (key === 'up' || key === 'down') move(key === 'up' ? -perLine : perLine);
        else if (key === 'ok' && choices.length) pick(picked);
        else if (key === 'ok' || key === 'call') send();
        if (!/^(ok|call)$/.test(key) && phone.top() === this) this.shown();
      },
    };
  };
}(window.xx = window.xx || {}));
