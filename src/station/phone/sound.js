// Beeps and clicks, made on the spot, and whether they may be heard.
(function (xx) {
  'use strict';

  xx.Sound = class {
    constructor(muted, changed) {
      this.muted = muted;
      this.changed = changed;
      this.context = null;
      // Browsers allow sound and vibration only after a first touch or key; before it, silence.
      this.allowed = false;
      const allow = () => { this.allowed = true; };
      document.addEventListener('pointerdown', allow, true);
      document.addEventListener('keydown', allow, true);
    }

    toggle() {
      this.muted = !this.muted;
      this.changed(this.muted);
      if (!this.muted) this.text();
    }

    // `notes`: [[hertz, start, length], …] in seconds.
    play(notes, loudness) {
      if (this.muted || !this.allowed) return;
      const Context = window.AudioContext || window.webkitAudioContext;
      if (!Context) return;
      this.context = this.context || new Context();
      const context = this.context;
      if (context.state === 'suspended') context.resume();
      notes.forEach(function (note) {
        const tone = context.createOscillator();
        const gain = context.createGain();
        const start = context.currentTime + note[1];
        tone.type = 'square';
        tone.frequency.value = note[0];
        gain.gain.setValueAtTime(loudness, start);
        gain.gain.exponentialRampToValueAtTime(0.0001, start + note[2]);
        tone.connect(gain);
        gain.connect(context.destination);
        tone.start(start);
        tone.stop(start + note[2]);
      });
    }

    key() {
      this.play([[1900, 0, 0.03]], 0.012);
    }

    // A new text: two rising chimes, and a buzz where there is a motor.
    text() {
      if (navigator.vibrate && this.allowed && !this.muted) navigator.vibrate([120, 80, 120]);
      this.play([[1318, 0, 0.1], [1760, 0.13, 0.1], [1318, 0.34, 0.1], [1760, 0.47, 0.16]], 0.05);
    }

    sent() {
      this.play([[1046, 0, 0.06], [1568, 0.08, 0.1]], 0.03);
    }

    failed() {
      this.play([[330, 0, 0.18], [262, 0.2, 0.28]], 0.05);
    }
  };
}(window.xx = window.xx || {}));
