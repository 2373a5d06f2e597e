// One phone: its casing, keys and screen, and which screen is on top.
(function (xx) {
  'use strict';

  const el = xx.el;
  const HOLD_MS = 650;

  xx.CASINGS = [
    { id: 'red', name: '中国红' }, { id: 'blue', name: '宝石蓝' }, { id: 'gold', name: '黑金' },
    { id: 'green', name: '茶青' }, { id: 'cream', name: '米白' },
  ];

  const LETTERS = { 2: 'abc', 3: 'def', 4: 'ghi', 5: 'jkl', 6: 'mno', 7: 'pqrs', 8: 'tuv', 9: 'wxyz' };
  const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'star', '0', 'hash'];
  const SIGNS = { star: '*', hash: '#' };
  const UNDER = { 1: '，。', 0: '空格', star: '符号', hash: '输入法' };
  const SPOKEN = {
    left: '左软键', right: '右软键', ok: '确定', up: '上', down: '下', west: '左', east: '右',
    call: '拨号、发送', end: '挂机、开关机', star: '星号 符号', hash: '井号 输入法',
  };
  const KEYBOARD = {
    Enter: 'ok', Escape: 'right', ArrowUp: 'up', ArrowDown: 'down', ArrowLeft: 'west', ArrowRight: 'east',
    Backspace: 'right', F2: 'left', '*': 'star', '#': 'hash',
  };

  xx.Handset = class {
    // `page`: {line, sound, mailbox(number), changed()}; `look`: {number, casing, big}.
    constructor(page, look) {
      this.page = page;
      this.line = page.line;
      this.sound = page.sound;
      this.look = look;
      this.mailbox = page.mailbox(look.number);
      this.on = true;
      this.fresh = [];
      this.stack = [];
      this.session = null;
      this.redial = '';
      this.build();
      this.dress();
      this.home();
    }

    build() {
      this.status = el('div', 'status');
      this.title = el('div', 'title');
      this.body = el('div', 'body');
      this.over = el('div', 'over');
      this.news = el('div', 'toast');
      this.news.setAttribute('role', 'status');
      this.soft = el('div', 'soft');
      this.screen = el('div', 'screen', [this.status, this.title, this.body, this.over, this.news, this.soft]);
      const pad = el('div', 'pad', ['up', 'west', 'ok', 'east', 'down'].map((key) => this.key(key, 'pad-' + key)));
      const nav = el('div', 'nav', [
        this.key('left', 'softkey', el('i', 'dash')), pad, this.key('right', 'softkey', el('i', 'dash')),
        this.key('call', 'call', el('i', 'horn')), this.key('end', 'end', el('i', 'horn')),
      ]);
      const keys = el('div', 'keys', KEYS.map((key) => this.key(key, 'number', [
        el('b', '', SIGNS[key] || key), el('small', '', UNDER[key] || LETTERS[key]),
      ])));
      this.root = el('section', 'phone', [
        el('div', 'face', [this.cutter(), el('i', 'led'), el('i', 'earpiece')]),
        el('div', 'glass', this.screen), el('div', 'brand', '乡讯'), nav, keys, el('i', 'mouthpiece'),
      ]);
      this.root.tabIndex = 0;
      this.root.addEventListener('keydown', (e) => this.typed(e));
      this.screen.addEventListener('click', () => this.focus());
    }

    // Takes the signal away in the middle of a session, as a hill does.
    cutter() {
      const button = el('button', 'cut', '断线');
      button.type = 'button';
      button.tabIndex = -1;
      button.title = '像没信号一样，把正在用的菜单断开';
      button.addEventListener('mousedown', (e) => e.preventDefault());
      button.addEventListener('click', () => {
        if (this.session) this.session.cut();
      });
      return button;
    }

    // A key acts when it is let go, so that a swipe over the keys presses none; held down it may do something else.
    key(name, kind, content) {
      const button = el('button', 'key ' + kind, content);
      button.type = 'button';
      button.tabIndex = -1;
      button.setAttribute('data-key', name);
      button.setAttribute('aria-label', SPOKEN[name] || name);
      let hold = 0;
      let down = false;
      const up = () => {
        window.clearTimeout(hold);
        down = false;
        button.classList.remove('down');
      };
      // The field keeps its focus and caret.
      button.addEventListener('mousedown', (e) => e.preventDefault());
      button.addEventListener('pointerdown', (e) => {
        if (e.button) return;
        e.preventDefault();
        down = true;
        button.classList.add('down');
        hold = window.setTimeout(() => {
          if (this.press('long:' + name)) up();
        }, HOLD_MS);
      });
      button.addEventListener('pointerup', () => {
        if (!down) return;
        up();
        this.press(name);
      });
      button.addEventListener('pointercancel', up);
      button.addEventListener('pointerleave', up);
      button.addEventListener('contextmenu', (e) => e.preventDefault());
      // Screen readers and scripts click without a pointer.
      button.addEventListener('click', (e) => {
        if (e.detail === 0) this.press(name);
      });
      return button;
    }

    typed(e) {
      if (e.isComposing || e.keyCode === 229 || e.ctrlKey || e.altKey || e.metaKey) return;
      const top = this.top();
      const key = KEYBOARD[e.key] || (/^[0-9]$/.test(e.key) ? e.key : '');
      if (!key) return;
      if (e.target === top.field) {
        // The field does its own typing, but for what the phone has keys for.
        const choosing = top.choosing();
        if (e.key === 'Escape') {
          e.preventDefault();
          if (choosing) this.press('right');
          else this.back();
          return;
        }
        const ours = e.key === 'Enter' ? !e.shiftKey : key === 'left' || (choosing && /^(Arrow|Backspace)/.test(e.key));
        if (!ours) return;
      }
      e.preventDefault();
      this.press(key);
    }

    // Does what a key means now; false where holding it down means nothing.
    press(key) {
      const top = this.top();
      const long = key.indexOf('long:') === 0;
      if (key === 'long:end') {
        this.power(!this.on);
        return true;
      }
      if (!this.on) return false;
      const takes = top.field ? /^long:([0-9]|right)$/ : top.name === 'dialler' ? /^long:right$/ : null;
      if (long && !(takes && takes.test(key))) return false;
      this.sound.key();
      this.news.classList.remove('open');
      if (key === 'end') {
        if (this.stack.length === 1) this.toast('长按可关机');
        else this.home();
      } else {
        top.press(key, top.over ? this.over : this.body);
      }
      if (this.on) this.focus();
      return true;
    }

    focus() {
      const top = this.top();
      if (top.shown && !top.over) top.shown();
      else if (!this.root.contains(document.activeElement) || document.activeElement.tagName === 'TEXTAREA') {
        try {
          this.root.focus({ preventScroll: true });
        } catch (e) {
          this.root.focus();
        }
      }
    }

    top() {
      return this.stack[this.stack.length - 1];
    }

    open(screen) {
      const top = this.top();
      if (top && top.leave && !screen.over) top.leave();
      this.stack.push(screen);
      this.draw();
    }

    back() {
      if (this.stack.length < 2) return;
      const gone = this.stack.pop();
      if (gone.leave) gone.leave();
      this.draw();
      this.tell();
    }

    // Leaves all screens but standby.
    rest() {
      this.stack.slice().reverse().forEach((screen) => screen.leave && screen.leave());
      this.stack = [xx.screens.standby(this)];
    }

    home() {
      this.rest();
      this.draw();
      this.tell();
    }

    sheet(rows) {
      this.open(xx.screens.sheet(this, rows));
    }

    // Removes an overlay wherever it stands.
    close(screen) {
      const at = this.stack.indexOf(screen);
      if (at < 0) return;
      this.stack.splice(at, 1);
      this.draw();
      this.tell();
    }

    // Draws all: the topmost full screen and, where one lies over it, the overlay.
    draw() {
      const top = this.top();
      const base = this.stack.filter((screen) => !screen.over).pop();
      if (this.drawn !== base || !top.over) {
        const scrolled = this.drawn === base ? this.body.scrollTop : 0;
        this.drawn = base;
        this.body.textContent = '';
        base.draw(this.body);
        if (scrolled) this.body.scrollTop = scrolled;
      }
      this.over.textContent = '';
      this.over.className = 'over' + (top.over ? ' open over-' + top.name : '');
      if (top.over) top.draw(this.over);
      this.title.textContent = base.title || '';
      if (base.mark) this.title.append(base.mark);
      this.screen.className = 'screen showing-' + base.name;
      this.drawSoft();
      this.drawStatus();
      if (this.root.contains(document.activeElement)) this.focus();
    }

    // Draws the top screen again after something in it changed.
    redraw() {
      if (!this.on) return;
      const top = this.top();
      const box = top.over ? this.over : this.body;
      if (top.field) return;
      const scrolled = box.scrollTop;
      box.textContent = '';
      top.draw(box);
      if (!top.list) box.scrollTop = scrolled;
      this.drawSoft();
      this.drawStatus();
    }

    drawSoft() {
      const top = this.top();
      if (!top) return;
      const labels = typeof top.soft === 'function' ? top.soft() : top.soft;
      this.soft.textContent = '';
      ['left', 'right'].forEach((key, i) => {
        const label = el('button', 'soft-' + key, labels[i] || '');
        label.type = 'button';
        label.tabIndex = -1;
        label.addEventListener('mousedown', (e) => e.preventDefault());
        label.addEventListener('click', () => this.press(key));
        this.soft.append(label);
      });
    }

    drawStatus() {
      const connected = this.line.connected;
      const unread = this.mailbox.unread();
      this.root.classList.toggle('has-news', unread > 0);
      const signal = el('span', 'signal' + (connected ? '' : ' none'), [1, 2, 3, 4].map((n) => el('i', 'bar-' + n)));
      this.status.textContent = '';
      this.status.append(
        signal,
        el('span', 'no-signal', connected ? '' : '无信号'),
        el('span', 'unread', unread ? [xx.icon('inbox'), String(unread)] : null),
        el('span', 'silent', this.sound.muted ? '静音' : ''),
        el('span', 'time', xx.clockTime(new Date())),
        el('span', 'battery', el('i', ''))
      );
    }

    dress() {
      const casing = xx.CASINGS[this.look.casing] || xx.CASINGS[0];
      this.root.className = 'phone casing-' + casing.id + (this.look.big ? ' big' : '') + (this.on ? '' : ' off')
        + (this.session ? ' in-session' : '');
      this.root.setAttribute('aria-label', '手机 ' + this.look.number);
    }

    change(part) {
      Object.assign(this.look, part);
      this.dress();
      this.page.changed();
      this.redraw();
    }

    // Another SIM card: other texts.
    renumber(number) {
      this.home();
      this.look.number = number;
      this.mailbox = this.page.mailbox(number);
      this.fresh = [];
      this.dress();
      this.page.changed();
      this.home();
    }

    power(on) {
      this.home();
      this.on = on;
      this.dress();
      this.page.changed();
      if (on) {
        this.flash('booting', 1300);
        this.draw();
      }
    }

    flash(name, ms) {
      this.root.classList.remove(name);
      // Reading a size makes the browser forget the running animation, so that it starts anew.
      void this.root.offsetWidth;
      this.root.classList.add(name);
      window.setTimeout(() => this.root.classList.remove(name), ms);
    }

    toast(text) {
      window.clearTimeout(this.toasting);
      this.news.textContent = text;
      this.news.classList.add('open');
      this.toasting = window.setTimeout(() => this.news.classList.remove('open'), 2400);
    }

    // A text has come in.
    arrive(text) {
      this.fresh.unshift(text);
      this.sound.text();
      this.flash('ringing', 900);
      this.tell();
    }

    // Says that there are new texts, unless the phone is in use; then as soon as it is not.
    tell() {
      this.fresh = this.fresh.filter((text) => !text.read && this.mailbox.inbox.indexOf(text) >= 0);
      if (!this.fresh.length) return;
      this.stack = this.stack.filter((screen) => screen !== this.newsDialog);
      const top = this.top();
      if (top.name === 'sending' || (top.busy && top.busy())) {
        this.toast(this.fresh.length + '条新短信');
        this.drawStatus();
        return;
      }
      const texts = this.fresh.slice();
      const shut = () => {
        this.fresh = [];
        this.close(dialog);
      };
      const dialog = xx.screens.dialog(this, {
        name: 'news',
        icon: 'inbox',
        title: texts.length + '条新短信',
        text: texts[0].text,
        soft: ['阅读', '稍后'],
        left: () => {
          shut();
          this.open(texts.length === 1 ? xx.screens.received(this, texts[0]) : xx.screens.inbox(this));
        },
        right: shut,
      });
      this.newsDialog = dialog;
      this.stack.push(dialog);
      if (this.drawn && this.drawn.name === 'inbox') this.drawn = null;
      this.draw();
    }

    // Sends a text and shows how it goes. A repeat has the same id.
    transmit(message) {
      message.state = 'sending';
      this.mailbox.save();
      let dialog = xx.screens.dialog(this, {
        name: 'sending', kind: 'sending', icon: 'sent', title: '发送中…', text: message.text,
        soft: ['', '返回'], right: () => this.close(dialog),
      });
      this.open(dialog);
      const mailbox = this.mailbox;
      const ended = (state, next) => {
        message.state = state;
        mailbox.save();
        const watched = this.stack.indexOf(dialog) >= 0;
        if (watched) this.stack.splice(this.stack.indexOf(dialog), 1);
        if (next && (watched || state === 'failed') && this.on) this.open(next);
        else this.draw();
        if (this.top().name === 'sent' || this.top().name === 'mine') this.redraw();
        return watched;
      };
      this.line.send({ id: message.id, from: this.look.number, to: message.to, text: message.text }).then(() => {
        const done = xx.screens.dialog(this, {
          name: 'done', kind: 'good', icon: 'done', title: '已发送', soft: ['', '确定'], right: () => this.close(done),
        });
        if (ended('sent', done)) {
          this.sound.sent();
          window.setTimeout(() => this.close(done), 1500);
        }
        this.tell();
      }, (error) => {
        const failed = xx.screens.dialog(this, {
          name: 'failed', kind: 'bad', icon: 'failed', title: '发送失败', text: error.message,
          soft: ['重发', '返回'],
          left: () => {
            this.close(failed);
            this.transmit(message);
          },
          right: () => this.close(failed),
        });
        ended('failed', failed);
        this.sound.failed();
      });
    }

    confirm(question, act) {
      const dialog = xx.screens.dialog(this, {
        name: 'question', title: question, soft: ['确定', '返回'],
        left: () => {
          this.close(dialog);
          act();
        },
        right: () => this.close(dialog),
      });
      this.open(dialog);
    }

    forget(box, text) {
      const at = box.indexOf(text);
      if (at >= 0) box.splice(at, 1);
      this.mailbox.save();
      this.redraw();
    }

    empty(box) {
      box.length = 0;
      this.mailbox.save();
      this.redraw();
    }

    wipe() {
      this.mailbox.clear();
      this.home();
      this.toast('已清空');
    }

    // Dials a code: a session begins.
    dial(code) {
      if (this.session) this.session.cancel();
      return new xx.Session(this, code);
    }

    // From the page: the phone is woken and dials.
    ring(code) {
      if (!this.on) this.power(true);
      this.rest();
      this.dial(code);
    }

    // Opens the editor with a text in it.
    compose(text) {
      if (!this.on) this.power(true);
      this.rest();
      this.open(xx.editor(this, { text: text }));
      this.focus();
    }

    // Once in a while: the clock goes on.
    tick() {
      this.drawStatus();
      if (this.on && this.top().name === 'standby') this.redraw();
    }
  };
}(window.xx = window.xx || {}));
