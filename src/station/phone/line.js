// The line to the daemon: sends texts as a carrier would, hears of new ones, and comes back by itself when it was lost.
(function (xx) {
  'use strict';

  // The daemon beats every 15 seconds; three beats missed and the line is dead, whatever the browser believes.
  const SILENCE_MS = 50000;
  const SEND_MS = 12000;
  const TRIES = 3;

  const wait = (ms) => new Promise((resolve) => window.setTimeout(resolve, ms));

  function withTimeout(promise, ms) {
    return Promise.race([promise, wait(ms).then(() => Promise.reject(new Error('timeout')))]);
  }

  function known(page) {
    return JSON.parse(page.querySelector('meta[name="phone-config"]').getAttribute('content'));
  }

  xx.Line = class {
    // `heard(epoch, event)` is called for each text, `changed(connected)` when the line comes or goes.
    constructor(heard, changed) {
      this.config = known(document);
      this.heard = heard;
      this.changed = changed;
      this.connected = false;
      this.source = null;
      this.epoch = '';
      this.pause = 500;
      this.subscription = '';
      this.retry = 0;
      this.watch = 0;
      window.addEventListener('online', () => this.open());
      window.addEventListener('offline', () => this.lost());
      // A phone that was in a pocket notices at once that time has passed.
      document.addEventListener('visibilitychange', () => {
        if (!document.hidden && !this.connected) this.open();
      });
    }

    // Listens for `numbers`, from the text after `after` on ({epoch, seq} of the one that is furthest behind).
    listen(numbers, after) {
      this.numbers = numbers;
      this.after = after;
      const subscription = numbers.join(',');
      if (subscription !== this.subscription || !this.source) {
        this.subscription = subscription;
        this.open();
      }
    }

    open() {
      this.close();
      if (!this.subscription) return;
      const after = this.after();
      const at = after.epoch ? '&after=' + encodeURIComponent(after.epoch + '-' + after.seq) : '';
      const source = new window.EventSource('/phone/events?phones=' + this.subscription + at);
      this.source = source;
      this.alive();
      source.addEventListener('hello', (e) => {
        const hello = JSON.parse(e.data);
        const restarted = this.epoch && this.epoch !== hello.epoch;
        this.epoch = hello.epoch;
        this.pause = 500;
        this.alive();
        // A daemon that was started anew may have another token.
        (restarted ? this.ask().catch(() => {}) : Promise.resolve()).then(() => {
          if (this.source !== source) return;
          this.connected = true;
          this.changed(true);
        });
      });
      source.addEventListener('text', (e) => {
        this.alive();
        this.heard(this.epoch, JSON.parse(e.data));
      });
      source.addEventListener('beat', () => this.alive());
      // The browser's own retry would repeat the address as it was; ours asks from where we are now.
      source.onerror = () => this.lost();
    }

    alive() {
      window.clearTimeout(this.watch);
      this.watch = window.setTimeout(() => this.lost(), SILENCE_MS);
    }

    close() {
      window.clearTimeout(this.watch);
      window.clearTimeout(this.retry);
      if (this.source) this.source.close();
      this.source = null;
    }

    lost() {
      this.close();
      this.connected = false;
      this.changed(false);
      // Spread, so that all pages do not come back in the same instant.
      this.retry = window.setTimeout(() => this.open(), this.pause * (0.75 + Math.random() / 2));
      this.pause = Math.min(this.pause * 2, 8000);
    }

    // Asks the page anew for what the daemon is now.
    ask() {
      return withTimeout(window.fetch('/phone', { cache: 'no-store', credentials: 'same-origin' }), SEND_MS)
        .then((response) => response.text())
        .then((html) => {
          this.config = known(new window.DOMParser().parseFromString(html, 'text/html'));
        });
    }

    post(door, body) {
      return withTimeout(window.fetch('/carriers/' + encodeURIComponent(this.config.carrier) + '/' + door, {
        method: 'POST',
        credentials: 'same-origin',
        headers: { 'Content-Type': 'application/json', 'X-Phone-Token': this.config.token },
        body: JSON.stringify(body),
      }), SEND_MS);
    }

    // Sends a text; the promise fails with words for the screen. Every try has the same id, so none is taken twice.
    async send(mo) {
      let why = '没有信号';
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        if (attempt) await wait(700 * attempt);
        let response = null;
        try {
          response = await this.post('mo', mo);
        } catch (e) {
          why = '没有信号';
        }
        if (response && response.ok) return;
        if (response && response.status === 403) {
          why = '网络不认这张卡';
          await this.ask().catch(() => {});
        } else if (response && response.status < 500 && response.status !== 429) {
          throw new Error('网络没有接收');
        } else if (response) {
          why = '网络忙';
        }
      }
      throw new Error(why);
    }

    // One call of a USSD session: {text, ends, seconds}. It fails with words for the screen; a network does not try again.
    async ussd(call) {
      let response;
      try {
        response = await this.post('ussd', call);
      } catch (e) {
        throw new Error('没有信号');
      }
      if (response.ok) return response.json();
      if (response.status === 403) await this.ask().catch(() => {});
      throw new Error(response.status === 404 ? '这个号码不能拨' : response.status < 500 ? '网络没有接通' : '网络忙');
    }

    // Tells the daemon that a text is on the handset.
    async delivered(id) {
      const response = await this.post('dlr', { mt: id, state: 'delivered' });
      // What is refused for itself would be refused again; a busy line or a token of yesterday is worth another report.
      if (response.status >= 500 || response.status === 403) throw new Error('later');
    }
  };
}(window.xx = window.xx || {}));
