// USSD: dialling a code like *123#, the session that it opens, and how it ends: by itself, by a key, by time, or cut off.
//
//   POST /carriers/{carrier}/ussd  {session, from, code, kind, input, order}  →  {text, ends, seconds}
//
// `kind` is begin, continue, abort (the person hung up) or timeout (the network lost the phone, or time ran out).
(function (xx) {
  'use strict';

  const el = xx.el;
  const CODE = /^\*\d+(\*[^#]*)?#$/;

  const clock = (seconds) => Math.floor(seconds / 60) + ':' + ('0' + seconds % 60).slice(-2);

  // What the page's code is, and what was dialled behind it: *123*1*200# is *123# with 1*200.
  function split(dialled, code) {
    const stem = code.replace(/#$/, '');
    if (dialled === code) return { code: code, input: '' };
    if (stem && dialled.indexOf(stem + '*') === 0) return { code: code, input: dialled.slice(stem.length + 1, -1) };
    return { code: dialled, input: '' };
  }

  // One session of one phone.
  xx.Session = class {
    constructor(phone, dialled) {
      this.phone = phone;
      this.dialled = dialled;
      this.id = xx.newId();
      this.from = phone.look.number;
      this.order = 0;
      this.over = false;
      this.screen = null;
      this.left = 0;
      this.seconds = 0;
      this.timer = 0;
      phone.session = this;
      phone.redial = dialled;
      phone.root.classList.add('in-session');
      this.part = split(dialled, phone.line.config.ussdCode);
      this.call('begin', this.part.input);
    }

    // Puts another screen in the place of the one that is shown.
    show(screen) {
      const phone = this.phone;
      const stack = phone.stack;
      const at = stack.indexOf(this.screen);
      if (at < 0) {
        const top = phone.top();
        if (top.leave) top.leave();
      } else {
        // what lay over it, a piece of news, stays above
        stack.splice(at, 1);
      }
      stack.splice(at < 0 ? stack.length : at, 0, screen);
      this.screen = screen;
      phone.drawn = null;
      phone.draw();
    }

    // Asks the network and shows what it says.
    call(kind, input) {
      this.order += 1;
      this.show(xx.screens.running(this));
      const order = this.order;
      const body = {
        session: this.id, from: this.from, code: this.part.code, kind: kind, input: input, order: order,
      };
      this.phone.line.ussd(body).then((answer) => {
        if (this.over || order !== this.order) return;
        if (answer.ends) this.end(xx.screens.ended(this, answer.text));
        else this.ask(answer.text, answer.seconds);
      }, (error) => {
        if (!this.over && order === this.order) this.end(xx.screens.dropped(this, error.message));
      });
    }

    ask(text, seconds) {
      this.left = this.seconds = seconds;
      window.clearInterval(this.timer);
      this.timer = window.setInterval(() => this.tick(), 1000);
      this.show(xx.screens.asking(this, text));
      this.drawTimer();
      this.phone.focus();
    }

    tick() {
      this.left -= 1;
      this.drawTimer();
      if (this.left <= 0) {
        this.say('timeout');
        this.end(xx.screens.dropped(this, '时间到了，网络挂断了'));
      }
    }

    drawTimer() {
      const timer = this.phone.screen.querySelector('.ussd-timer');
      if (!timer) return;
      timer.querySelector('b').textContent = clock(Math.max(0, this.left));
      timer.classList.toggle('soon', this.left <= 20);
      timer.querySelector('i').style.width = Math.max(0, 100 * this.left / (this.seconds || 1)) + '%';
    }

    answer(text) {
      this.call('continue', text);
    }

    // The person hangs up.
    cancel() {
      if (this.over) return;
      this.say('abort');
      this.end(null);
    }

    // As if the bus went behind the hill: nothing of what is on its way arrives, and the network notices later.
    cut() {
      if (this.over) return;
      this.say('timeout');
      this.end(xx.screens.dropped(this, '信号断了'));
      this.phone.sound.failed();
    }

    // Tells the network; whether it hears is not the phone's to know.
    say(kind) {
      this.order += 1;
      this.phone.line.ussd({
        session: this.id, from: this.from, code: this.part.code, kind: kind, input: '', order: this.order,
      }).catch(() => {});
    }

    // The session is over; `screen` says how, without one the phone goes back to where it was.
    end(screen) {
      this.over = true;
      window.clearInterval(this.timer);
      const phone = this.phone;
      phone.session = null;
      phone.root.classList.remove('in-session');
      if (screen) this.show(screen);
      else phone.close(this.screen);
      phone.tell();
    }
  };

  // Keys for a code, and the last one again.
  xx.screens.dialler = function (phone, keyed) {
    const screen = {
      name: 'dialler',
      title: '拨号',
      soft: () => ['拨出', digits ? '清除' : '返回'],
      draw(box) {
        const code = phone.line.config.ussdCode;
        box.append(
          el('div', 'dialled' + (digits.length > 11 ? ' long' : ''), digits || ' '),
          el('div', 'dial-hint', code ? '拨 ' + code + ' 打开菜单' : '拨 *…# 打开菜单')
        );
      },
      press(key) {
        if (/^[0-9]$/.test(key)) digits += key;
        else if (key === 'star') digits += '*';
        else if (key === 'hash') digits += '#';
        else if (key === 'right') {
          if (!digits) {
            phone.back();
            return;
          }
          digits = digits.slice(0, -1);
        } else if (key === 'long:right') digits = '';
        else if (/^(left|ok|call)$/.test(key)) {
          if (!digits && phone.redial) digits = phone.redial;
          else if (CODE.test(digits)) {
            phone.back();
            phone.dial(digits);
            return;
          } else phone.toast('拨 * 开头、# 结尾的号');
        }
        digits = digits.slice(0, 40);
        phone.redraw();
      },
    };
    let digits = keyed || '';
    return screen;
  };

  // The network is asked.
  xx.screens.running = function (session) {
    return {
      name: 'running',
      title: session.dialled,
      soft: ['', '取消'],
      busy: () => true,
      draw(box) {
        box.append(el('div', 'ussd-wait', [el('i'), el('i'), el('i')]), el('div', 'ussd-wait-text', '正在连接…'));
      },
      press(key) {
        if (key === 'right') session.cancel();
      },
      leave: () => session.cancel(),
    };
  };

  // A screen that wants an answer: what the network says, and a line to write in.
  xx.screens.asking = function (session, text) {
    const timer = el('div', 'ussd-timer', [el('b'), el('span', '', el('i'))]);
    return xx.editor(session.phone, {
      mode: 2,
      ask: {
        title: session.dialled,
        mark: timer,
        head: el('div', 'ussd-said', el('div', 'ussd-text', text)),
        send: (answer) => session.answer(answer),
        cancel: () => session.cancel(),
      },
    });
  };

  // The last screen: nothing can be answered.
  xx.screens.ended = function (session, text) {
    const phone = session.phone;
    const screen = xx.screens.reader(phone, {
      name: 'ussd-end', title: session.dialled, head: [], text: text, menu: () => [],
    });
    screen.soft = ['重拨', '确定'];
    const scroll = screen.press;
    screen.press = function (key, box) {
      if (key === 'left' || key === 'call') again(session, screen);
      else if (key === 'ok') phone.close(screen);
      else scroll(key, box);
    };
    return screen;
  };

  // It broke off.
  xx.screens.dropped = function (session, why) {
    const phone = session.phone;
    const screen = {
      name: 'dropped',
      title: session.dialled,
      soft: ['重拨', '返回'],
      draw(box) {
        box.append(el('div', 'ussd-cut', [
          xx.icon('failed'), el('div', 'ussd-cut-title', '连接中断'), el('div', '', why),
        ]));
      },
      press(key) {
        if (key === 'left' || key === 'call' || key === 'ok') again(session, screen);
        else if (key === 'right') phone.close(screen);
      },
    };
    return screen;
  };

  function again(session, screen) {
    session.phone.close(screen);
    session.phone.dial(session.dialled);
  }
}(window.xx = window.xx || {}));
