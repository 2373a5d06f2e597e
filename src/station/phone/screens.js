// The screens of a phone besides the editor: standby, menu, texts, settings, and the sheets laid over them.
//
// A screen is {name, title, soft: [left, right], draw(box), press(key)}; `soft` may be a function, `mark` stands in the
// title. Keys are `left` and `right` (soft keys), `ok`, `up`, `down`, `west`, `east`, `call`, `end`, `0`-`9`, `star`,
// `hash`; a key held down comes as `long:` and its name. `end` is the handset's own: it always leads home.
(function (xx) {
  'use strict';

  xx.el = function (tag, name, content) {
    const node = document.createElement(tag);
    if (name) node.className = name;
    (Array.isArray(content) ? content : [content]).forEach(function (part) {
      if (part !== undefined && part !== null) node.append(part);
    });
    return node;
  };
  const el = xx.el;

  const ICONS = {
    write: 'M4 20l1-5L16 4l4 4L9 19zM14 6l4 4',
    inbox: 'M3 6h18v13H3zM3 7l9 7 9-7',
    opened: 'M3 10l9-7 9 7v10H3zM3 10l9 6 9-6',
    sent: 'M3 12L21 4l-5 17-5-7zM21 4l-10 10',
    settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5',
    failed: 'M12 3l10 18H2zM12 10v5M12 17.6v.6',
    waiting: 'M12 3a9 9 0 1 0 .01 0M12 7v5l4 2',
    done: 'M4 13l5 5L20 6',
    dial: 'M6 4h3l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v3a2 2 0 0 1-2 2A14 14 0 0 1 4 6a2 2 0 0 1 2-2z',
  };
  xx.icon = function (name) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('class', 'icon icon-' + name);
    svg.setAttribute('aria-hidden', 'true');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', ICONS[name]);
    svg.append(path);
    return svg;
  };

  const two = (n) => ('0' + n).slice(-2);
  xx.clockTime = (date) => date.getHours() + ':' + two(date.getMinutes());

  // The day where it is not today, else the time: what fits a list.
  function shortTime(at) {
    const date = new Date(at);
    const today = new Date().toDateString() === date.toDateString();
    return today ? xx.clockTime(date) : (date.getMonth() + 1) + '-' + date.getDate();
  }

  function longTime(at) {
    const date = new Date(at);
    return (date.getMonth() + 1) + '月' + date.getDate() + '日 ' + xx.clockTime(date);
  }

  // The date of the farmers' calendar; old browsers have none, then the line stays empty.
  function lunar(date) {
    try {
      const text = new Intl.DateTimeFormat('zh-CN-u-ca-chinese', { month: 'long', day: 'numeric' }).format(date);
      const day = /(\d+)日?$/.exec(text);
      if (!day) return '农历' + text;
      const n = Number(day[1]);
      const ones = '十一二三四五六七八九';
      const name = n === 10 ? '初十' : n === 20 ? '二十' : n === 30 ? '三十'
        : ['初', '十', '廿'][Math.floor(n / 10)] + ones[n % 10];
      return '农历' + text.replace(/\d+日?$/, name);
    } catch (e) {
      return '';
    }
  }

  // A list with one line picked: rows are {lines, icon, act, strong, mark}; the digits pick too where `numbered`.
  function list(phone, options) {
    const screen = {
      name: options.name,
      title: options.title,
      list: true,
      at: 0,
      scrolled: 0,
      soft: options.soft || ['选择', '返回'],
      draw(box) {
        const rows = options.rows();
        screen.at = Math.max(0, Math.min(screen.at, rows.length - 1));
        if (!rows.length) {
          box.append(el('p', 'empty', options.empty));
          return;
        }
        const ul = el('ul', 'list');
        rows.forEach(function (row, i) {
          const li = el('li', (i === screen.at ? 'picked ' : '') + (row.strong ? 'strong' : ''), [
            row.icon ? xx.icon(row.icon) : null,
            el('div', 'words', row.lines.map((line, n) => el('div', n ? 'second' : 'first', line))),
            row.mark ? el('span', 'mark', row.mark) : null,
          ]);
          li.addEventListener('click', function () {
            screen.at = i;
            screen.scrolled = box.scrollTop;
            phone.redraw();
            row.act();
          });
          ul.append(li);
        });
        box.append(ul);
        box.scrollTop = screen.scrolled;
        const picked = ul.children[screen.at];
        if (picked.offsetTop + picked.offsetHeight > box.scrollTop + box.clientHeight) {
          box.scrollTop = picked.offsetTop + picked.offsetHeight - box.clientHeight;
        } else if (picked.offsetTop < box.scrollTop) {
          box.scrollTop = picked.offsetTop;
        }
      },
      press(key, box) {
        const rows = options.rows();
        screen.scrolled = box.scrollTop;
        if (key === 'up' || key === 'down') {
          screen.at = (screen.at + (key === 'up' ? rows.length - 1 : 1)) % Math.max(rows.length, 1);
          phone.redraw();
        } else if (key === 'right') {
          phone.back();
        } else if (key === 'left' && options.menu && rows.length) {
          phone.sheet(options.menu(rows[screen.at]));
        } else if ((key === 'ok' || key === 'left' || (key === 'call' && !options.call)) && rows.length) {
          rows[screen.at].act();
        } else if (key === 'call') {
          options.call(rows[screen.at]);
        } else if (options.numbered && rows[Number(key) - 1]) {
          rows[Number(key) - 1].act();
        }
      },
    };
    return screen;
  }

  xx.screens = {
    standby(phone) {
      return {
        name: 'standby',
        soft: ['菜单', '收件箱'],
        draw(box) {
          const now = new Date();
          const code = phone.line.config.shortCodes[0];
          const unread = phone.mailbox.unread();
          const date = (now.getMonth() + 1) + '月' + now.getDate() + '日 星期' + '日一二三四五六'[now.getDay()];
          box.append(
            el('div', 'operator', phone.line.config.station),
            el('div', 'big-clock', xx.clockTime(now)),
            el('div', 'date', [el('span', '', date), el('span', 'lunar', lunar(now))]),
            el('div', 'notice', unread ? unread + '条未读短信' : code ? '发短信到 ' + code : '')
          );
        },
        press(key) {
          if (key === 'left' || key === 'ok') phone.open(xx.screens.menu(phone));
          else if (key === 'right' || key === 'down') phone.open(xx.screens.inbox(phone));
          else if (key === 'up' || key === 'call') phone.open(xx.editor(phone));
          else if (key === 'west' || key === 'east') phone.open(xx.screens.sent(phone));
          // Whoever keys a number wants to text it: `807` asks for the contact of post 807.
          else if (/^[0-9]$/.test(key)) phone.open(xx.editor(phone, { add: key, mode: 2 }));
          else if (key === 'star') phone.open(xx.screens.dialler(phone, '*'));
          else if (key === 'hash') phone.open(xx.editor(phone));
        },
      };
    },

    menu(phone) {
      return list(phone, {
        name: 'menu',
        title: '菜单',
        numbered: true,
        rows: () => [
          { icon: 'write', lines: ['写短信'], act: () => phone.open(xx.editor(phone)) },
          {
            icon: 'inbox', lines: ['收件箱'], mark: String(phone.mailbox.unread() || ''),
            act: () => phone.open(xx.screens.inbox(phone)),
          },
          { icon: 'sent', lines: ['已发短信'], act: () => phone.open(xx.screens.sent(phone)) },
          { icon: 'dial', lines: ['拨号'], act: () => phone.open(xx.screens.dialler(phone)) },
          { icon: 'settings', lines: ['设置'], act: () => phone.open(xx.screens.settings(phone)) },
        ],
      });
    },

    inbox(phone) {
      const box = phone.mailbox;
      return list(phone, {
        name: 'inbox',
        title: '收件箱',
        empty: '没有短信',
        soft: () => (box.inbox.length ? ['选项', '返回'] : ['', '返回']),
        rows: () => box.inbox.map((text) => ({
          text: text,
          icon: text.read ? 'opened' : 'inbox',
          strong: !text.read,
          lines: [[text.from, el('time', '', shortTime(text.at))], text.text],
          act: () => phone.open(xx.screens.received(phone, text)),
        })),
        call: (row) => phone.open(xx.editor(phone, row ? { to: row.text.from } : {})),
        menu: (row) => [
          { lines: ['打开'], act: row.act },
          { lines: ['回复'], act: () => phone.open(xx.editor(phone, { to: row.text.from })) },
          { lines: ['删除'], act: () => phone.forget(box.inbox, row.text) },
          { lines: ['全部删除'], act: () => phone.confirm('删除收件箱里的全部短信？', () => phone.empty(box.inbox)) },
        ],
      });
    },

    // One received text. Post numbers in it (`807号`) can be answered without keying them.
    received(phone, text) {
      if (!text.read) {
        text.read = true;
        phone.mailbox.save();
      }
      const reply = () => phone.open(xx.editor(phone, { to: text.from }));
      const posts = (text.text.match(/\d{3,}(?=号)/g) || []).filter((n, i, all) => all.indexOf(n) === i);
      return xx.screens.reader(phone, {
        name: 'received',
        title: '短信',
        head: [text.from, longTime(text.at)],
        text: text.text,
        reply: reply,
        menu: () => [{ lines: ['回复'], act: reply }]
          .concat(posts.map((n) => ({
            lines: ['回复 ' + n],
            act: () => phone.open(xx.editor(phone, { to: text.from, text: n, mode: 2 })),
          })))
          .concat([{
            lines: ['删除'],
            act: () => {
              phone.back();
              phone.forget(phone.mailbox.inbox, text);
            },
          }]),
      });
    },

    sent(phone) {
      const box = phone.mailbox;
      const icon = { sending: 'waiting', sent: 'done', failed: 'failed' };
      return list(phone, {
        name: 'sent',
        title: '已发短信',
        empty: '没有短信',
        soft: () => (box.sent.length ? ['选项', '返回'] : ['', '返回']),
        rows: () => box.sent.map((text) => ({
          text: text,
          icon: icon[text.state],
          strong: text.state === 'failed',
          lines: [[text.to, el('time', '', text.state === 'failed' ? '发送失败' : shortTime(text.at))], text.text],
          act: () => phone.open(xx.screens.mine(phone, text)),
        })),
        call: (row) => row && phone.open(xx.screens.mine(phone, row.text)),
        menu: (row) => xx.screens.mineMenu(phone, row.text, true),
      });
    },

    mineMenu(phone, text, inList) {
      const forget = () => {
        if (!inList) phone.back();
        phone.forget(phone.mailbox.sent, text);
      };
      const rows = [];
      if (inList) rows.push({ lines: ['打开'], act: () => phone.open(xx.screens.mine(phone, text)) });
      if (text.state === 'failed') rows.push({ lines: ['重发'], act: () => phone.transmit(text) });
      rows.push({ lines: ['照此再写'], act: () => phone.open(xx.editor(phone, { to: text.to, text: text.text })) });
      if (text.state !== 'sending') rows.push({ lines: ['删除'], act: forget });
      if (inList) {
        rows.push({
          lines: ['全部删除'],
          act: () => phone.confirm('删除全部已发短信？', () => phone.empty(phone.mailbox.sent)),
        });
      }
      return rows;
    },

    // One sent text and what became of it.
    mine(phone, text) {
      const state = { sending: '发送中…', sent: '已发送', failed: '发送失败' };
      return xx.screens.reader(phone, {
        name: 'mine',
        title: '已发短信',
        head: () => [text.to, longTime(text.at), state[text.state]],
        text: text.text,
        menu: () => xx.screens.mineMenu(phone, text, false),
      });
    },

    reader(phone, options) {
      return {
        name: options.name,
        title: options.title,
        soft: ['选项', '返回'],
        draw(box) {
          const head = typeof options.head === 'function' ? options.head() : options.head;
          box.append(
            el('div', 'reader-head', head.map((part) => el('span', '', part))),
            el('div', 'reader-text', options.text)
          );
        },
        press(key, box) {
          if (key === 'up' || key === 'down') box.scrollTop += (key === 'up' ? -1 : 1) * box.clientHeight * 0.6;
          else if (key === 'left') phone.sheet(options.menu());
          else if (key === 'right') phone.back();
          else if ((key === 'ok' || key === 'call') && options.reply) options.reply();
          else if (key === 'ok' || key === 'call') phone.sheet(options.menu());
        },
      };
    },

    settings(phone) {
      return list(phone, {
        name: 'settings',
        title: '设置',
        numbered: true,
        rows: () => [
          { lines: ['声音'], mark: phone.sound.muted ? '关' : '开', act: () => phone.sound.toggle() },
          { lines: ['字号'], mark: phone.look.big ? '大' : '标准', act: () => phone.change({ big: !phone.look.big }) },
          {
            lines: ['机身颜色'], mark: xx.CASINGS[phone.look.casing].name,
            act: () => phone.change({ casing: (phone.look.casing + 1) % xx.CASINGS.length }),
          },
          { lines: ['清空短信'], act: () => phone.confirm('清空本机的全部短信？', () => phone.wipe()) },
          { lines: ['关机'], act: () => phone.power(false) },
        ],
      });
    },

    // A list over the lower part of the screen; choosing closes it first.
    sheet(phone, rows) {
      const screen = list(phone, {
        name: 'sheet',
        title: '选项',
        numbered: true,
        rows: () => rows.map((row) => ({
          lines: row.lines,
          act: () => {
            phone.back();
            row.act();
          },
        })),
      });
      screen.over = true;
      return screen;
    },

    // A question or a piece of news: {name, icon, title, text, soft, left, right}; `ok` and `call` are `left`.
    dialog(phone, options) {
      return {
        name: options.name,
        over: true,
        soft: options.soft,
        draw(box) {
          box.append(el('div', 'dialog ' + (options.kind || ''), [
            options.icon ? xx.icon(options.icon) : null,
            el('div', 'dialog-title', options.title),
            options.text ? el('div', 'dialog-text', options.text) : null,
          ]));
        },
        press(key) {
          if (key === 'left' || ((key === 'ok' || key === 'call') && options.left)) {
            if (options.left) options.left();
          } else if (key === 'right' || key === 'ok') {
            options.right();
          }
        },
      };
    },
  };
}(window.xx = window.xx || {}));
